"""Lints the CloudFormation template: cfn-lint, checkov and CloudFormation Guard.

Run by `make lint-template`. cfn-lint reads the committed template, informational
rules included, and the stacks below without those, which are about how a template
is written. checkov and Guard judge a template by what its properties are, not
by what conditions and parameters make of them, so they read the stacks as they
come out for dev and prod, with and without a key (the golden files of
internal/aws/template, which its tests keep true to the template).

Guard's rules are those of AWS Control Tower for S3, KMS, IAM, Athena, Glue,
CloudWatch and Step Functions; the package that brings them brings Guard, too. It
has none for SNS, which checkov's cover.

A finding is allowed where the resource's metadata says why:

    Metadata:
      checkov: {skip: [{id: CKV_AWS_18, comment: "..."}]}
      guard: {skip: [{id: name_of_the_rule, comment: "..."}]}
"""

import importlib.metadata
import json
import pathlib
import platform
import re
import subprocess
import sys
import tarfile
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
TEMPLATE = ROOT / "cloudformation" / "lakehouse.yaml"
STACKS = sorted((ROOT / "internal" / "aws" / "template" / "testdata").glob("*.json"))
BIN = pathlib.Path(sys.executable).parent

GUARD_PACKAGE = "cdklabs-cdk-validator-cfnguard"
GUARD_RULES = ["s3", "keymanagementservice", "identityandaccessmanagement", "athena", "glue", "cloudwatch", "stepfunctions"]

# It has an informational finding (a partition that is written out) and an error.
FAULTY = """
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties: {NoSuchProperty: 1}
  Policy:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Action: "s3:GetObject", Resource: !Sub "arn:aws:s3:::${Topic}/*"}]
"""


def cfn_lint(paths, *more):
    """Returns the findings of cfn-lint, one a line."""
    done = subprocess.run([BIN / "cfn-lint", *more, "--format", "parseable", "--template", *paths], capture_output=True, text=True)
    if done.returncode not in (0, 2, 4, 6, 8, 10, 12, 14):
        sys.exit(f"cfn-lint: {done.stderr or done.stdout}")
    return done.stdout.strip().splitlines()


def check_cfn_lint():
    """Returns the findings in the template, and those missed in a faulty one."""
    with tempfile.TemporaryDirectory() as folder:
        faulty = pathlib.Path(folder) / "faulty.yaml"
        faulty.write_text(FAULTY)
        found = "\n".join(cfn_lint([faulty], "-c", "I"))
    problems = [f"cfn-lint does not find {rule} where it is" for rule in ("E3002", "I3042") if rule not in found]
    return problems + cfn_lint([TEMPLATE], "-c", "I") + cfn_lint(STACKS)


def check_checkov():
    """Returns what checkov finds in the stacks."""
    files = [argument for stack in STACKS for argument in ("-f", stack)]
    done = subprocess.run(
        [BIN / "checkov", "--framework", "cloudformation", "--output", "json", "--skip-download", "--compact", *files], capture_output=True, text=True
    )
    report = json.loads(done.stdout)
    summary, results = report["summary"], report["results"]
    problems = [f"{c['file_path']}: {c['resource']}: {c['check_id']} {c['check_name']}" for c in results["failed_checks"]]
    problems += [f"checkov could not read {path}" for path in results["parsing_errors"]]
    problems += [
        f"{c['file_path']}: {c['resource']}: {c['check_id']} is turned off, and does not say why"
        for c in results["skipped_checks"]
        if not c["check_result"].get("suppress_comment")
    ]
    if summary["passed"] < 100:
        problems.append(f"checkov passed {summary['passed']} checks only; does it still read the stacks?")
    return problems


def guard_program(folder):
    """Unpacks Guard and its rules."""
    files = [f for f in importlib.metadata.files(GUARD_PACKAGE) if f.name.endswith(".jsii.tgz")]
    with tarfile.open(files[0].locate()) as archive:
        archive.extractall(folder, filter="data")
    system = {"Linux": "ubuntu", "Darwin": "macos"}[platform.system()]
    machine = {"arm64": "aarch64"}.get(platform.machine(), platform.machine())
    program = folder / "package" / "bin" / system / machine / "cfn-guard"
    program.chmod(0o755)
    return program, folder / "package" / "rules" / "control-tower" / "cfn-guard"


def guard_findings(program, rules, stack):
    """Returns the rules that a stack breaks, each with the resource, and how many it keeps."""
    command = [program, "validate", "-d", stack, "--show-summary", "none", "-o", "json", "--structured"]
    for name in GUARD_RULES:
        command += ["-r", rules / name]
    report = json.loads(subprocess.run(command, capture_output=True, text=True).stdout)
    found = {
        (rule["Rule"]["name"], resource)
        for file in report
        for rule in file["not_compliant"]
        for resource in re.findall(r"/Resources/(\w+)", json.dumps(rule)) or ["?"]
    }
    return found, sum(len(file["compliant"]) for file in report)


def check_guard():
    """Returns the rules of Guard that the stacks break without saying why, and what is turned off in vain."""
    problems, used, skipped = [], set(), {}
    with tempfile.TemporaryDirectory() as folder:
        program, rules = guard_program(pathlib.Path(folder))
        for stack in STACKS:
            resources = json.loads(stack.read_text())["Resources"]
            allowed = {
                (skip["id"], name): skip.get("comment", "")
                for name, resource in resources.items()
                for skip in resource.get("Metadata", {}).get("guard", {}).get("skip", [])
            }
            skipped |= allowed
            found, kept = guard_findings(program, rules, stack)
            if kept < 10:
                problems.append(f"{stack.name}: it keeps {kept} rules of Guard only; are they still read?")
            for rule, resource in sorted(found):
                used.add((rule, resource))
                if not allowed.get((rule, resource)):
                    problems.append(f"{stack.name}: {resource}: {rule}")
    problems += [f"{resource}: {rule} is turned off, and nothing breaks it" for rule, resource in sorted(set(skipped) - used)]
    return problems


def main():
    failed = False
    for name, check in (("cfn-lint", check_cfn_lint), ("checkov", check_checkov), ("guard", check_guard)):
        problems = check()
        print(f"{name}: {len(problems) or 'no'} problem{'' if len(problems) == 1 else 's'}")
        for problem in problems:
            print(f"  {problem}")
        failed = failed or bool(problems)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
