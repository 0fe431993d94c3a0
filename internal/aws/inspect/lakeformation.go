package inspect

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lakeformation"
	"github.com/aws/aws-sdk-go-v2/service/lakeformation/types"

	"github.com/lakectl/lakectl/internal/diag"
)

type lakeFormationAPI interface {
	GetDataLakeSettings(context.Context, *lakeformation.GetDataLakeSettingsInput, ...func(*lakeformation.Options)) (*lakeformation.GetDataLakeSettingsOutput, error)
}

// everyone is the group of all whom IAM lets in: with it, Lake Formation stays
// out of the way.
const everyone = "IAM_ALLOWED_PRINCIPALS"

// LakeFormation looks whether new databases and tables are open to whom IAM lets
// in. If they are not, our roles are refused whatever their policies say.
func (i *Inspector) LakeFormation(ctx context.Context) diag.Finding {
	out, err := i.lakeFormation.GetDataLakeSettings(ctx, &lakeformation.GetDataLakeSettingsInput{})
	if err != nil {
		return i.unchecked("read the settings of Lake Formation", err)
	}
	var closed []string
	if s := out.DataLakeSettings; s != nil {
		if !openToAll(s.CreateDatabaseDefaultPermissions) {
			closed = append(closed, "databases")
		}
		if !openToAll(s.CreateTableDefaultPermissions) {
			closed = append(closed, "tables")
		}
	}
	if len(closed) == 0 {
		return diag.Findf(diag.Good, "not in the way: IAM alone decides")
	}
	return diag.Findf(diag.Suspect, "in the way: it keeps new %s from all to whom it does not grant them itself, whatever IAM says", strings.Join(closed, " and ")).
		WithRemedy("for each database: `aws lakeformation grant-permissions --principal DataLakePrincipalIdentifier=%s --permissions ALL "+
			"--resource '{\"Database\":{\"Name\":\"%s\"}}'`, and the same with '{\"Table\":{\"DatabaseName\":\"%s\",\"TableWildcard\":{}}}'",
			everyone, i.names.Database("silver"), i.names.Database("silver"))
}

func openToAll(list []types.PrincipalPermissions) bool {
	return slices.ContainsFunc(list, func(p types.PrincipalPermissions) bool {
		return p.Principal != nil && aws.ToString(p.Principal.DataLakePrincipalIdentifier) == everyone && slices.Contains(p.Permissions, types.PermissionAll)
	})
}
