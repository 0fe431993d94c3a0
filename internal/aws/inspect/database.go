package inspect

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue"

	"github.com/lakectl/lakectl/internal/diag"
)

type databaseAPI interface {
	GetDatabase(context.Context, *glue.GetDatabaseInput, ...func(*glue.Options)) (*glue.GetDatabaseOutput, error)
}

// DefaultDatabase looks whether the catalog has the database `default`: Spark
// asks for it whatever it is to do, and fails oddly without.
func (i *Inspector) DefaultDatabase(ctx context.Context) diag.Finding {
	_, err := i.databases.GetDatabase(ctx, &glue.GetDatabaseInput{Name: aws.String("default")})
	switch {
	case absent(err):
		return diag.Findf(diag.Bad, "the catalog has no database `default`, without which Spark jobs fail whatever they do").
			WithRemedy("`aws glue create-database --database-input Name=default`")
	case err != nil:
		return i.unchecked("read the database default", err)
	}
	return diag.Findf(diag.Good, "it is there")
}

// Databases looks whether the catalog has the databases of the layers.
func (i *Inspector) Databases(ctx context.Context, layers ...string) diag.Finding {
	var f faults
	var names []string
	for _, layer := range layers {
		name := i.names.Database(layer)
		names = append(names, name)
		_, err := i.databases.GetDatabase(ctx, &glue.GetDatabaseInput{Name: aws.String(name)})
		switch {
		case absent(err):
			f.add(diag.Bad, deploy, "there is no database %s", name)
		case err != nil:
			f.guesses = append(f.guesses, i.unchecked("read the database "+name, err))
		}
	}
	return f.finding(strings.Join(names, ", "))
}
