package inspect

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	gluetypes "github.com/aws/aws-sdk-go-v2/service/glue/types"
	"github.com/aws/aws-sdk-go-v2/service/lakeformation"
	lftypes "github.com/aws/aws-sdk-go-v2/service/lakeformation/types"

	"github.com/lakectl/lakectl/internal/diag"
)

type glueFake struct {
	job       *gluetypes.Job
	databases map[string]error
}

func (f glueFake) GetJob(context.Context, *glue.GetJobInput, ...func(*glue.Options)) (*glue.GetJobOutput, error) {
	return &glue.GetJobOutput{Job: f.job}, nil
}

func (f glueFake) GetDatabase(_ context.Context, in *glue.GetDatabaseInput, _ ...func(*glue.Options)) (*glue.GetDatabaseOutput, error) {
	return &glue.GetDatabaseOutput{}, f.databases[aws.ToString(in.Name)]
}

func TestJob(t *testing.T) {
	job := func(role, script string) *gluetypes.Job {
		return &gluetypes.Job{Role: aws.String(role), Command: &gluetypes.JobCommand{ScriptLocation: aws.String(script)},
			DefaultArguments: map[string]string{"--project-s3": "s3://ops/p.json", "--extra-py-files": "s3://ops/l.zip", "--extra-files": "s3://ops/1/lakectl"}}
	}
	old := job(shop.RoleARN("glue-job"), "s3://ops/scripts/a.py")
	delete(old.DefaultArguments, "--extra-files")
	misled := job(shop.RoleARN("glue-job"), "s3://ops/scripts/a.py")
	misled.DefaultArguments["--extra-py-files"] = "l.zip"
	ours := shop.RoleARN("glue-job")
	for name, test := range map[string]struct {
		job          *gluetypes.Job
		head         error
		level        diag.Level
		text, remedy string
	}{
		"there":       {job(ours, "s3://ops/scripts/a.py"), nil, diag.Good, "shop-dev-silver, with its code", ""},
		"name":        {job(shop.Role("glue-job"), "s3://ops/scripts/a.py"), nil, diag.Good, "shop-dev-silver", ""},
		"no command":  {&gluetypes.Job{}, nil, diag.Bad, "has no script", "`lakectl deploy`"},
		"other role":  {job("arn:aws:iam::1:role/x", "s3://ops/scripts/a.py"), nil, diag.Bad, "runs as arn:aws:iam::1:role/x, not as", "`lakectl deploy`"},
		"no place":    {job(ours, "ops/a.py"), nil, diag.Bad, "which is no place on S3", "`lakectl deploy`"},
		"no script":   {job(ours, "s3://ops/scripts/a.py"), answered(404, "NotFound"), diag.Bad, "is missing: s3://ops/scripts/a.py", "uploads it again"},
		"closed":      {job(ours, "s3://ops/scripts/a.py"), answered(403, "Forbidden"), diag.Bad, "missing, or closed to us", "aws s3 ls s3://ops/scripts/a.py"},
		"no answer":   {job(ours, "s3://ops/scripts/a.py"), coded("SlowDown"), diag.Suspect, "could not be checked: look at s3://ops", "try again"},
		"older":       {old, nil, diag.Bad, "has no --extra-files: another version of lakectl registered it", "`lakectl job register`"},
		"misled":      {misled, nil, diag.Bad, `the Python package of the job shop-dev-silver is at "l.zip"`, "`lakectl deploy`"},
		"no such job": {nil, nil, diag.Bad, "has no script", "`lakectl deploy`"},
	} {
		var asked []string
		i := &Inspector{names: shop, jobs: glueFake{job: test.job}, objects: objectFake{head: test.head, asked: &asked}}
		want(t, name, i.Job(context.Background(), "silver"), test.level, test.text, test.remedy)
		if want := "ops scripts/a.py, ops p.json, ops l.zip, ops 1/lakectl"; test.level == diag.Good && strings.Join(asked, ", ") != want {
			t.Errorf("%s: asked for %s", name, asked)
		}
	}
}

func TestDatabases(t *testing.T) {
	ctx := context.Background()
	i := &Inspector{names: shop, databases: glueFake{}}
	want(t, "default", i.DefaultDatabase(ctx), diag.Good, "", "")
	want(t, "all", i.Databases(ctx, "silver", "gold"), diag.Good, "shop_dev_silver, shop_dev_gold", "")
	i.databases = glueFake{databases: map[string]error{"shop_dev_gold": coded("EntityNotFoundException"), "shop_dev_silver": coded("AccessDeniedException")}}
	want(t, "one", i.Databases(ctx, "silver", "gold"), diag.Bad, "there is no database shop_dev_gold", "`lakectl deploy`")
}

type lakeFormationFake struct{ settings *lftypes.DataLakeSettings }

func (f lakeFormationFake) GetDataLakeSettings(context.Context, *lakeformation.GetDataLakeSettingsInput, ...func(*lakeformation.Options)) (*lakeformation.GetDataLakeSettingsOutput, error) {
	return &lakeformation.GetDataLakeSettingsOutput{DataLakeSettings: f.settings}, nil
}

func TestLakeFormation(t *testing.T) {
	to := func(who string, what lftypes.Permission) []lftypes.PrincipalPermissions {
		return []lftypes.PrincipalPermissions{{}, {Principal: &lftypes.DataLakePrincipal{DataLakePrincipalIdentifier: aws.String(who)}, Permissions: []lftypes.Permission{what}}}
	}
	open := to(everyone, lftypes.PermissionAll)
	for name, test := range map[string]struct {
		settings *lftypes.DataLakeSettings
		level    diag.Level
		text     string
	}{
		"never used": {nil, diag.Good, "IAM alone decides"},
		"open":       {&lftypes.DataLakeSettings{CreateDatabaseDefaultPermissions: open, CreateTableDefaultPermissions: open}, diag.Good, "IAM alone decides"},
		"closed":     {&lftypes.DataLakeSettings{}, diag.Suspect, "new databases and tables"},
		"tables":     {&lftypes.DataLakeSettings{CreateDatabaseDefaultPermissions: open, CreateTableDefaultPermissions: to("arn", lftypes.PermissionAll)}, diag.Suspect, "new tables from"},
		"little":     {&lftypes.DataLakeSettings{CreateDatabaseDefaultPermissions: to(everyone, lftypes.PermissionDescribe), CreateTableDefaultPermissions: open}, diag.Suspect, "new databases from"},
	} {
		remedy := ""
		if test.level == diag.Suspect {
			remedy = "grant-permissions --principal DataLakePrincipalIdentifier=IAM_ALLOWED_PRINCIPALS"
		}
		want(t, name, (&Inspector{names: shop, lakeFormation: lakeFormationFake{test.settings}}).LakeFormation(context.Background()), test.level, test.text, remedy)
	}
}
