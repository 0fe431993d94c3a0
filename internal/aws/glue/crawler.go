package glue

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"

	"github.com/lakectl/lakectl/internal/aws/names"
	"github.com/lakectl/lakectl/internal/project"
)

// exclusions are what is no data below a table's folder, as patterns of Glue,
// which are relative to the folder.
var exclusions = []string{"_temporary/**", "**/_temporary/**", "_SUCCESS", "**/_SUCCESS", "**_$folder$", "_lakectl/**"}

// Crawler is a crawler as it should be: of one layer, with one target for each
// table, since a crawler of a folder above them merges tables that look alike.
type Crawler struct {
	Layer, Name, ARN string
	Description      string
	Role, Database   string
	Paths            []string // s3://bucket/prefix/silver/transactions/
	Level            int      // of the tables' folders; that of the bucket is 1
	Security         string
	Tags             map[string]string
}

// Crawlers returns the crawlers of a project, one for each layer that has
// tables. Quarantine has none: its tables are called like those of silver, and a
// crawler names a table after its folder.
func Crawlers(p *project.Project, n names.Names) []Crawler {
	tables := map[string][]string{}
	for _, b := range p.Bronze {
		tables["bronze"] = append(tables["bronze"], b.Name)
	}
	for _, s := range p.Silver {
		tables["silver"] = append(tables["silver"], s.Name)
	}
	for _, g := range p.Gold {
		tables["gold"] = append(tables["gold"], g.Name)
	}
	var list []Crawler
	for _, layer := range Layers() {
		if len(tables[layer]) == 0 {
			continue
		}
		root := "s3://" + n.LakeBucket + "/" + n.LakePrefix + layer + "/"
		c := Crawler{Layer: layer, Name: n.Crawler(layer), ARN: arn(n, "crawler", n.Crawler(layer)), Role: n.RoleARN("glue-crawler"),
			Description: "The " + layer + " tables of " + n.Project + " in " + n.Environment + "; made by lakectl",
			Database:    n.Database(layer), Level: strings.Count(n.LakePrefix, "/") + 3,
			Security: n.SecurityConfiguration(p.Config.AWS.KMS.Value), Tags: Tags(p.Config, n)}
		for _, name := range slices.Sorted(slices.Values(tables[layer])) {
			c.Paths = append(c.Paths, root+name+"/")
		}
		list = append(list, c)
	}
	return list
}

// configuration is the crawler's JSON: one schema for all files of a table, one
// table for each folder at the tables' level, partitions that look like their table.
func (c *Crawler) configuration() string {
	text, err := json.Marshal(map[string]any{
		"Version":       1.0,
		"CrawlerOutput": map[string]any{"Partitions": map[string]string{"AddOrUpdateBehavior": "InheritFromTable"}},
		"Grouping":      map[string]any{"TableGroupingPolicy": "CombineCompatibleSchemas", "TableLevelConfiguration": c.Level},
	})
	if err != nil {
		panic("glue: the configuration of a crawler does not marshal: " + err.Error())
	}
	return string(text)
}

func (c *Crawler) create() *glue.CreateCrawlerInput {
	targets := &types.CrawlerTargets{}
	for _, path := range c.Paths {
		targets.S3Targets = append(targets.S3Targets, types.S3Target{Path: aws.String(path), Exclusions: exclusions})
	}
	return &glue.CreateCrawlerInput{
		Name: &c.Name, Description: &c.Description, Role: &c.Role, DatabaseName: &c.Database, Targets: targets,
		Configuration: aws.String(c.configuration()), CrawlerSecurityConfiguration: &c.Security, Tags: c.Tags,
		// What a crawl finds differs from lakehouse.yaml where something is wrong: it
		// is told, and the catalog is left alone.
		SchemaChangePolicy: &types.SchemaChangePolicy{UpdateBehavior: types.UpdateBehaviorLog, DeleteBehavior: types.DeleteBehaviorLog},
		RecrawlPolicy:      &types.RecrawlPolicy{RecrawlBehavior: types.RecrawlBehaviorCrawlEverything},
	}
}

func (c *Crawler) update() *glue.UpdateCrawlerInput {
	in := c.create()
	return &glue.UpdateCrawlerInput{Name: in.Name, Description: in.Description, Role: in.Role, DatabaseName: in.DatabaseName, Targets: in.Targets,
		Configuration: in.Configuration, CrawlerSecurityConfiguration: in.CrawlerSecurityConfiguration,
		SchemaChangePolicy: in.SchemaChangePolicy, RecrawlPolicy: in.RecrawlPolicy}
}

// fields are those of the crawler as it should be, without its tags.
func (c *Crawler) fields() []field {
	in := c.create()
	return crawlerFields(&types.Crawler{Description: in.Description, Role: in.Role, DatabaseName: in.DatabaseName, Targets: in.Targets,
		Configuration: in.Configuration, CrawlerSecurityConfiguration: in.CrawlerSecurityConfiguration,
		SchemaChangePolicy: in.SchemaChangePolicy, RecrawlPolicy: in.RecrawlPolicy})
}

// crawlerFields are the fields of a crawler that lakectl says something of. Glue
// keeps the name of a role of which it was given the ARN.
func crawlerFields(c *types.Crawler) []field {
	role := aws.ToString(c.Role)
	list := []field{
		{"description", aws.ToString(c.Description)}, {"role", role[strings.LastIndexByte(role, '/')+1:]}, {"database", aws.ToString(c.DatabaseName)},
		{"configuration", sortedJSON(aws.ToString(c.Configuration))}, {"security_configuration", aws.ToString(c.CrawlerSecurityConfiguration)},
	}
	if p := c.SchemaChangePolicy; p != nil {
		list = append(list, field{"on_update", string(p.UpdateBehavior)}, field{"on_delete", string(p.DeleteBehavior)})
	}
	if p := c.RecrawlPolicy; p != nil {
		list = append(list, field{"recrawl", string(p.RecrawlBehavior)})
	}
	if c.Targets == nil {
		return list
	}
	targets := map[string]string{}
	for _, t := range c.Targets.S3Targets {
		targets[aws.ToString(t.Path)] = "without " + strings.Join(t.Exclusions, " ")
	}
	return pairs(list, "target.", targets)
}

// sortedJSON writes JSON with its keys in order; what is no JSON stays as it is.
func sortedJSON(text string) string {
	var value any
	if json.Unmarshal([]byte(text), &value) != nil {
		return text
	}
	sorted, err := json.Marshal(value)
	if err != nil {
		return text
	}
	return string(sorted)
}

type getCrawlerAPI interface {
	GetCrawler(context.Context, *glue.GetCrawlerInput, ...func(*glue.Options)) (*glue.GetCrawlerOutput, error)
}

// crawlerOf returns a crawler as it is; nil if there is none of that name.
func crawlerOf(ctx context.Context, api getCrawlerAPI, name string) (*types.Crawler, error) {
	out, err := api.GetCrawler(ctx, &glue.GetCrawlerInput{Name: &name})
	if notFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, explain(fmt.Errorf("look at the crawler %s: %w", name, err))
	}
	return out.Crawler, nil
}

// PlanCrawlers says what RegisterCrawlers would do.
func (r *Registry) PlanCrawlers(ctx context.Context, crawlers []Crawler) ([]Change, error) {
	return r.plan(ctx, r.crawlerThings(crawlers))
}

// RegisterCrawlers creates and updates crawlers that are not as they should be,
// and returns what was done, also when it fails on the way.
func (r *Registry) RegisterCrawlers(ctx context.Context, crawlers []Crawler) ([]Change, error) {
	return r.register(ctx, r.crawlerThings(crawlers))
}

func (r *Registry) crawlerThings(crawlers []Crawler) []thing {
	var things []thing
	for i := range crawlers {
		c := &crawlers[i]
		things = append(things, thing{kind: "crawler", name: c.Name, arn: c.ARN, tags: c.Tags, should: c.fields(),
			is: func(ctx context.Context) ([]field, error) {
				is, err := crawlerOf(ctx, r.crawlers, c.Name)
				if err != nil || is == nil {
					return nil, err
				}
				return crawlerFields(is), nil
			},
			create: func(ctx context.Context) error { _, err := r.crawlers.CreateCrawler(ctx, c.create()); return err },
			update: func(ctx context.Context) error { _, err := r.crawlers.UpdateCrawler(ctx, c.update()); return err },
		})
	}
	return things
}
