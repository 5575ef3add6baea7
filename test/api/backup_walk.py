"""The aws command line's own code on Backup, in one process: paths with ARNs, slashes and status codes as it writes them.
Prints what it saw as JSON.

backup_walk.py ENDPOINT VOLUME_ARN ROLE_ARN
"""

import contextlib
import io
import json
import sys
import time

from awscli.clidriver import create_clidriver

ENDPOINT, VOLUME, ROLE = sys.argv[1:4]
TRIES = 200


def aws(operation, **options):
    """One command; what it printed."""
    words = ["backup", operation, "--endpoint-url", ENDPOINT, "--output", "json"]
    for name, value in options.items():
        text = value if isinstance(value, str) else json.dumps(value)
        words += ["--" + name.replace("_", "-"), text]
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = create_clidriver().main(words)
    if status != 0:
        return {"error": err.getvalue().strip()}
    return json.loads(out.getvalue() or "{}")


def until(member, wanted, operation, **options):
    for _ in range(TRIES):
        seen = aws(operation, **options)
        if seen.get(member) == wanted:
            return seen
        time.sleep(0.05)
    raise SystemExit(f"{operation}: {seen}")


seen = {}
vault = {"backup_vault_name": "vault"}
made = aws("create-backup-vault", **vault, backup_vault_tags={"team": "db"})
seen["vault"] = made["BackupVaultArn"]
started = aws(
    "start-backup-job",
    **vault,
    resource_arn=VOLUME,
    iam_role_arn=ROLE,
    lifecycle={"DeleteAfterDays": 9},
)
job = {"backup_job_id": started["BackupJobId"]}
seen["percent"] = until("State", "COMPLETED", "describe-backup-job", **job)["PercentDone"]
point = {"recovery_point_arn": started["RecoveryPointArn"]}
shown = aws("describe-recovery-point", **vault, **point)
seen["point"] = [shown["Status"], shown["Lifecycle"], shown["StorageClass"]]
seen["points"] = len(aws("list-recovery-points-by-backup-vault", **vault)["RecoveryPoints"])
of = aws("list-recovery-points-by-resource", resource_arn=VOLUME)
seen["pointsOfVolume"] = len(of["RecoveryPoints"])
metadata = aws("get-recovery-point-restore-metadata", **vault, **point)["RestoreMetadata"]
restore = aws("start-restore-job", **point, metadata=metadata, iam_role_arn=ROLE)
restored = {"restore_job_id": restore["RestoreJobId"]}
restored = until("Status", "COMPLETED", "describe-restore-job", **restored)
seen["restored"] = restored["CreatedResourceArn"].split("/")[1]
seen["tags"] = aws("list-tags", resource_arn=made["BackupVaultArn"])["Tags"]
aws("untag-resource", resource_arn=made["BackupVaultArn"], tag_key_list=["team"])
seen["untagged"] = aws("list-tags", resource_arn=made["BackupVaultArn"])["Tags"]

rule = {
    "RuleName": "daily",
    "TargetBackupVaultName": "vault",
    "ScheduleExpression": "cron(0 5 ? * * *)",
}
plan = aws("create-backup-plan", backup_plan={"BackupPlanName": "plan", "Rules": [rule]})
plan = {"backup_plan_id": plan["BackupPlanId"]}
selection = {"SelectionName": "all", "IamRoleArn": ROLE, "Resources": ["*"]}
chosen = aws("create-backup-selection", **plan, backup_selection=selection)
shown = aws("get-backup-plan", **plan)["BackupPlan"]["Rules"][0]
seen["rule"] = {name: shown[name] for name in rule}
seen["busyPlan"] = aws("delete-backup-plan", **plan)["error"]
aws("delete-backup-selection", **plan, selection_id=chosen["SelectionId"])
seen["plan"] = "DeletionDate" in aws("delete-backup-plan", **plan)
hold = aws("create-legal-hold", title="case", description="of auditors")
aws("cancel-legal-hold", legal_hold_id=hold["LegalHoldId"], cancel_description="closed")
seen["hold"] = aws("list-legal-holds")["LegalHolds"][0]["Status"]
aws("delete-recovery-point", **vault, **point)
print(json.dumps(seen))
