"""A machine's life by boto3 and its waiters. Usage: journey.py ENDPOINT IMAGE GROUP FOLDER. Prints JSON."""
import json
import os
import subprocess
import sys
import time

import boto3

endpoint, image, group, folder = sys.argv[1:]
ec2 = boto3.client("ec2", endpoint_url=endpoint)
resource = boto3.resource("ec2", endpoint_url=endpoint)


def wait(name, instance_id):
    ec2.get_waiter(name).wait(
        InstanceIds=[instance_id], WaiterConfig={"Delay": 1, "MaxAttempts": 120}
    )


def ssh(address, command):
    options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR"]
    options += ["ConnectTimeout=3", "BatchMode=yes"]
    args = ["ssh", "-F", "none", "-i", key_path]
    for option in options:
        args += ["-o", option]
    for _ in range(60):
        done = subprocess.run(
            [*args, f"ec2-user@{address}", command], capture_output=True, text=True, timeout=60
        )
        if done.returncode != 255:
            return done.stdout.strip()
        time.sleep(0.5)
    raise SystemExit(f"no ssh: {done.stderr}")


key = ec2.create_key_pair(KeyName="boto3", KeyType="rsa")
key_path = os.path.join(folder, "boto3.pem")
with open(os.open(key_path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
    file.write(key["KeyMaterial"])

(instance,) = resource.create_instances(
    ImageId=image,
    InstanceType="t2.nano",
    MinCount=1,
    MaxCount=1,
    KeyName="boto3",
    SecurityGroupIds=[group],
    TagSpecifications=[
        {"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "by boto3"}]}
    ],
)
result = {"id": instance.id, "before": instance.state["Name"]}
wait("instance_running", instance.id)
instance.reload()
result["tags"] = instance.tags
result["first"] = [instance.private_ip_address, instance.public_ip_address]
result["uname"] = ssh(instance.public_ip_address, "uname -s; echo kept >note; sync")
wait("instance_status_ok", instance.id)
instance.stop()
wait("instance_stopped", instance.id)
instance.start()
wait("instance_running", instance.id)
instance.reload()
result["second"] = [instance.private_ip_address, instance.public_ip_address]
result["note"] = ssh(instance.public_ip_address, "cat note")
instance.terminate()
wait("instance_terminated", instance.id)
instance.reload()
result["after"] = instance.state["Name"]
print(json.dumps(result))
