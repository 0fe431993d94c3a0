package inspect

import "github.com/lakectl/lakectl/internal/aws/names"

// permission is what a role must be allowed to do with one resource.
type permission struct {
	resource string
	actions  []string
	// context has keys of the request that conditions in our policies ask for.
	context map[string]string
}

// glueJobPermissions are those without which a job fails: of each statement of
// its policy the actions that are used first.
func glueJobPermissions(n names.Names) []permission {
	return append([]permission{
		{resource: bucketARN(n, n.LakeBucket, ""), actions: []string{"s3:ListBucket"}},
		{resource: bucketARN(n, n.LakeBucket, n.LakePrefix+"bronze/any"), actions: []string{"s3:GetObject"}},
		{resource: bucketARN(n, n.LakeBucket, n.LakePrefix+"silver/any"), actions: []string{"s3:GetObject", "s3:PutObject", "s3:DeleteObject"}},
		{resource: bucketARN(n, n.LakeBucket, n.LakePrefix+"_lakectl/any"), actions: []string{"s3:GetObject", "s3:PutObject"}},
		{resource: bucketARN(n, n.ScriptsBucket(), "scripts/any"), actions: []string{"s3:GetObject"}},
		{resource: "*", actions: []string{"cloudwatch:PutMetricData"}, context: map[string]string{"cloudwatch:namespace": n.Namespace()}},
		{resource: catalogARN(n, "table/"+n.Database("silver")+"/any"), actions: []string{"glue:GetTable", "glue:CreateTable", "glue:UpdateTable"}},
	}, defaultDatabase(n))
}

// glueCrawlerPermissions are those without which a crawler fails.
func glueCrawlerPermissions(n names.Names) []permission {
	return append([]permission{
		{resource: bucketARN(n, n.LakeBucket, ""), actions: []string{"s3:ListBucket"}},
		{resource: bucketARN(n, n.LakeBucket, n.LakePrefix+"silver/any"), actions: []string{"s3:GetObject"}},
		{resource: catalogARN(n, "table/"+n.Database("silver")+"/any"), actions: []string{"glue:GetTable", "glue:CreateTable", "glue:UpdateTable"}},
	}, defaultDatabase(n))
}

// writerPermissions are those that whoever runs lakectl needs on a lake on S3.
func writerPermissions(n names.Names) []permission {
	return []permission{
		{resource: bucketARN(n, n.LakeBucket, ""), actions: []string{"s3:ListBucket"}},
		{resource: bucketARN(n, n.LakeBucket, n.LakePrefix+"_lakectl/any"), actions: []string{"s3:GetObject", "s3:PutObject", "s3:DeleteObject"}},
		{resource: bucketARN(n, n.LakeBucket, n.LakePrefix+"silver/any"), actions: []string{"s3:GetObject", "s3:PutObject", "s3:DeleteObject"}},
	}
}

// defaultDatabase is what Glue needs on the database that it always asks for.
func defaultDatabase(n names.Names) permission {
	return permission{resource: catalogARN(n, "database/default"), actions: []string{"glue:GetDatabase"}}
}

func bucketARN(n names.Names, bucket, key string) string {
	arn := "arn:" + n.Partition + ":s3:::" + bucket
	if key != "" {
		arn += "/" + key
	}
	return arn
}

func catalogARN(n names.Names, thing string) string {
	return "arn:" + n.Partition + ":glue:" + n.Region + ":" + n.Account + ":" + thing
}
