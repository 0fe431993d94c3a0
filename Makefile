# `make help` lists what there is. Everything that is needed beyond Go, gcc and
# make is fetched, with pinned versions, into .tools/ and .venv/
# (.venv-lint/ for the linters of the template, .venv-aws/ for an account of AWS,
# .venv-ministack/ for one whose Athena runs SQL, .venv-snowflake/ for a Snowflake,
# .venv-spark/ for the programs of Spark).

GO           ?= go
PYTHON       ?= python3
GOLANGCI_VERSION := v2.15.0
GOLANGCI     := .tools/golangci-lint-$(GOLANGCI_VERSION)
VERSITYGW_VERSION := v1.8.0
VERSITYGW    := .tools/versitygw-$(VERSITYGW_VERSION)
# What Spark 3.5 reads S3 with, of the Hadoop that it comes with.
S3A_VERSION  := 3.3.4
S3A          := .tools/s3a-$(S3A_VERSION)
# Which of the runs on Spark: a regular expression, of their tests' names.
SPARKRUN     := .
SPARKRUNS     = E2E_LAKECTL=$(CURDIR)/bin/lakectl E2E_PYTHON=$(CURDIR)/.venv/bin/python E2E_VERSITYGW=$(CURDIR)/$(VERSITYGW) E2E_S3A=$(CURDIR)/$(S3A) $(GO) test -count=1 -v
MAVEN        := https://repo1.maven.org/maven2
GLUE_BINARY  := bin/lakectl-linux-amd64
ROWS         ?= 10000000
FUZZTIME     ?= 60s

.DEFAULT_GOAL := help
.PHONY: help build build-glue test race lint fmt demo e2e e2e-aws e2e-spark lint-template lint-spark test-spark bench bench-spark kill-spark nightly clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build bin/lakectl
	$(GO) build -trimpath -ldflags "-s -w" -o bin/lakectl ./cmd/lakectl

build-glue: ## build bin/lakectl-linux-amd64, which jobs in AWS Glue run: deploy uploads it
	CGO_ENABLED=0 GOOS=linux GOARCH=amd64 $(GO) build -trimpath -ldflags "-s -w" -o $(GLUE_BINARY) ./cmd/lakectl

test: ## vet, and all tests in Go
	$(GO) vet ./...
	$(GO) test ./...

race: ## tests in Go with the race detector, those that take minutes in samples
	$(GO) test -race ./...

lint: $(GOLANGCI) ## golangci-lint, and that what needs C can be left out
	$(GOLANGCI) run --allow-parallel-runners ./...
	CGO_ENABLED=0 $(GO) build ./internal/query/duckdb

fmt: ## format the code
	gofmt -w $$(git ls-files '*.go')

demo: build ## the sample project, anew in ./demo: build its lake and look at it
	@.ci/demo bin/lakectl demo

e2e: build .venv/ready .venv-snowflake/ready $(VERSITYGW) ## what needs more than Go: other readers of our files, a real S3 server, a Snowflake (Python 3)
	cd internal/e2e && ../../.venv/bin/python -m unittest -q check_parquet_test
	E2E_VERSITYGW=$(CURDIR)/$(VERSITYGW) $(GO) test -count=1 -tags e2e ./internal/storage/s3
	E2E_VERSITYGW=$(CURDIR)/$(VERSITYGW) E2E_PYTHON=$(CURDIR)/.venv/bin/python E2E_FAKESNOW=$(CURDIR)/.venv-snowflake/bin/fakesnow $(GO) test -count=1 -tags e2e -run "$$(.ci/e2e-tests)" $$($(GO) list -tags e2e ./internal/e2e/... | grep -v -e /awstest -e /spark)

e2e-spark: build .venv/ready $(VERSITYGW) $(S3A) ## the same rows on a real Spark: expressions, and whole runs, on a folder and on S3 (Python 3, Java 17)
	E2E_PYTHON=$(CURDIR)/.venv/bin/python $(GO) test -count=1 -v -tags e2e ./internal/e2e/sparktest
	$(SPARKRUNS) -timeout 30m -tags e2e -run "$(SPARKRUN)" ./internal/e2e/sparkrun
ifeq ($(SPARKRUN),.)
	$(GO) run ./internal/e2e/bench -against spark -rows 1000000 -rounds 1 -lakectl bin/lakectl
endif

e2e-aws: build build-glue .venv-aws/ready .venv-ministack/ready ## from an empty account of AWS (moto) to a lakehouse and back, what talks to AWS, and SQL in Athena (ministack; Python 3)
	MOTO_SERVER=.venv-aws/bin/moto_server LAKEHOUSE_GLUE_BINARY=$(CURDIR)/$(GLUE_BINARY) .ci/with-moto $(GO) test -count=1 -tags e2e ./internal/e2e/awstest
	MOTO_SERVER=.venv-aws/bin/moto_server .ci/with-moto .ci/e2e-aws bin/lakectl
	MOTO_SERVER=.venv-aws/bin/moto_server LAKEHOUSE_GLUE_BINARY=$(CURDIR)/$(GLUE_BINARY) .ci/with-moto $(GO) test -count=1 -tags e2e -run QuickstartOnAWS ./internal/cli
	MINISTACK=.venv-ministack/bin/python .ci/with-ministack .ci/e2e-athena bin/lakectl

lint-template: .venv-lint/ready ## the CloudFormation template by cfn-lint, checkov and Guard (Python 3)
	.venv-lint/bin/python internal/e2e/awstest/lint_template.py

lint-spark: .venv-spark/ready ## the programs of Spark by ruff and mypy (Python 3.11)
	cd internal/spark && ../../.venv-spark/bin/ruff check --no-cache . && ../../.venv-spark/bin/ruff format --no-cache --check .
	cd internal/spark && ../../.venv-spark/bin/mypy --cache-dir ../../.venv-spark/mypy

test-spark: .venv-spark/ready ## tests of the programs of Spark, in Python (Python 3.11, Java 17)
	cd internal/spark && PYTHONDONTWRITEBYTECODE=1 ../../.venv-spark/bin/python -m pytest -q

bench: build ## lakectl and DuckDB side by side on ROWS transactions (10 million); more by BENCHFLAGS
	$(GO) run ./internal/e2e/bench -rows $(ROWS) -lakectl bin/lakectl $(BENCHFLAGS)

bench-spark: build .venv/ready ## lakectl alone and lakectl on Spark, side by side on ROWS transactions and the cores of this machine (Python 3, Java 17)
	$(GO) run ./internal/e2e/bench -against spark -rows $(ROWS) -rounds 1 -lakectl bin/lakectl $(BENCHFLAGS)

nightly: ## long fuzzing of every parser (FUZZTIME each), and the tests that take hours
	.ci/fuzz $(FUZZTIME)
	$(GO) test -count=1 -timeout 8h -tags nightly ./internal/e2e/...
	$(MAKE) kill-spark

kill-spark: build .venv/ready $(VERSITYGW) $(S3A) ## kill Spark in its runs, 20 times: the next run ends with the same rows (Python 3, Java 17)
	$(SPARKRUNS) -timeout 2h -tags "e2e nightly" -run TestKilledDrivers ./internal/e2e/sparkrun

clean: ## remove what the other targets made
	rm -rf bin demo .venv .venv-aws .venv-lint .venv-ministack .venv-snowflake .venv-spark .tools

$(GOLANGCI):
	@mkdir -p .tools
	GOBIN=$(CURDIR)/.tools $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	mv .tools/golangci-lint $@

$(VERSITYGW):
	@mkdir -p .tools
	GOBIN=$(CURDIR)/.tools $(GO) install github.com/versity/versitygw/cmd/versitygw@$(VERSITYGW_VERSION)
	mv .tools/versitygw $@

$(S3A):
	@mkdir -p $@.new
	curl -sSfL -o $@.new/hadoop-aws.jar $(MAVEN)/org/apache/hadoop/hadoop-aws/$(S3A_VERSION)/hadoop-aws-$(S3A_VERSION).jar
	curl -sSfL -o $@.new/aws-sdk.jar $(MAVEN)/com/amazonaws/aws-java-sdk-bundle/1.12.262/aws-java-sdk-bundle-1.12.262.jar
	cd $@.new && echo "53f9ae03c681a30a50aa17524bd9790ab596b28481858e54efd989a826ed3a4a  hadoop-aws.jar" | sha256sum -c --quiet
	cd $@.new && echo "873fe7cf495126619997bec21c44de5d992544aea7e632fdc77adb1a0915bae5  aws-sdk.jar" | sha256sum -c --quiet
	mv $@.new $@

.venv/ready: internal/e2e/requirements.txt
	$(PYTHON) -m venv .venv
	.venv/bin/pip install --quiet --disable-pip-version-check -r internal/e2e/requirements.txt
	touch $@

.venv-aws/ready: internal/e2e/awstest/requirements.txt
	$(PYTHON) -m venv .venv-aws
	.venv-aws/bin/pip install --quiet --disable-pip-version-check -r internal/e2e/awstest/requirements.txt
	touch $@

.venv-ministack/ready: internal/e2e/awstest/ministack-requirements.txt
	$(PYTHON) -m venv .venv-ministack
	.venv-ministack/bin/pip install --quiet --disable-pip-version-check -r internal/e2e/awstest/ministack-requirements.txt
	touch $@

.venv-snowflake/ready: internal/e2e/snowflaketest/requirements.txt
	$(PYTHON) -m venv .venv-snowflake
	.venv-snowflake/bin/pip install --quiet --disable-pip-version-check -r internal/e2e/snowflaketest/requirements.txt
	touch $@

.venv-spark/ready: internal/spark/requirements.txt
	$(PYTHON) -m venv .venv-spark
	.venv-spark/bin/pip install --quiet --disable-pip-version-check -r internal/spark/requirements.txt
	touch $@

# Guard's package is unpacked, not used: what it depends on is not needed.
.venv-lint/ready: internal/e2e/awstest/lint-requirements.txt
	$(PYTHON) -m venv .venv-lint
	.venv-lint/bin/pip install --quiet --disable-pip-version-check -r internal/e2e/awstest/lint-requirements.txt
	.venv-lint/bin/pip install --quiet --disable-pip-version-check --no-deps cdklabs-cdk-validator-cfnguard==0.0.62
	touch $@
