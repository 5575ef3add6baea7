"""Users, roles and profiles by boto3, unmodified: made, used, rotated, deleted. Prints what it saw as JSON.

identity_walk.py ENDPOINT
"""

import json
import sys

import boto3
from botocore.exceptions import ClientError

ENDPOINT = sys.argv[1]
seen = {}


def client(service, **keys):
    return boto3.client(service, endpoint_url=ENDPOINT, region_name="us-east-1", **keys)


def keys_of(made):
    return {
        "aws_access_key_id": made["AccessKeyId"],
        "aws_secret_access_key": made["SecretAccessKey"],
        **({"aws_session_token": made["SessionToken"]} if "SessionToken" in made else {}),
    }


def code(call):
    try:
        call()
        return None
    except ClientError as error:
        return error.response["Error"]["Code"]


iam = client("iam")
policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["ec2:Describe*", "sts:AssumeRole"], "Resource": "*"}]}

# A user: made, used, rotated.
user = iam.create_user(UserName="walker", Path="/team/")["User"]
iam.get_waiter("user_exists").wait(UserName="walker", WaiterConfig={"Delay": 1})
arn = iam.create_policy(PolicyName="walk", PolicyDocument=json.dumps(policy))["Policy"]["Arn"]
iam.get_waiter("policy_exists").wait(PolicyArn=arn, WaiterConfig={"Delay": 1})
iam.attach_user_policy(UserName="walker", PolicyArn=arn)
first = iam.create_access_key(UserName="walker")["AccessKey"]
seen["who"] = client("sts", **keys_of(first)).get_caller_identity()["Arn"]
seen["vpcs"] = len(client("ec2", **keys_of(first)).describe_vpcs()["Vpcs"])
seen["refused"] = code(lambda: client("iam", **keys_of(first)).list_users())
second = iam.create_access_key(UserName="walker")["AccessKey"]
seen["third"] = code(lambda: iam.create_access_key(UserName="walker"))
client("sts", **keys_of(second)).get_caller_identity()
iam.update_access_key(UserName="walker", AccessKeyId=first["AccessKeyId"], Status="Inactive")
seen["inactive"] = code(client("sts", **keys_of(first)).get_caller_identity)
used = iam.get_access_key_last_used(AccessKeyId=second["AccessKeyId"])["AccessKeyLastUsed"]
seen["used"] = used["ServiceName"]
iam.delete_access_key(UserName="walker", AccessKeyId=first["AccessKeyId"])

# A role: made, assumed, a new version of its policy, deleted.
trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": user["Arn"]}, "Action": "sts:AssumeRole"}]}
role = iam.create_role(RoleName="walk", AssumeRolePolicyDocument=json.dumps(trust))["Role"]
iam.get_waiter("role_exists").wait(RoleName="walk", WaiterConfig={"Delay": 1})
iam.attach_role_policy(RoleName="walk", PolicyArn=arn)
session = client("sts", **keys_of(second)).assume_role(RoleArn=role["Arn"], RoleSessionName="boto3")
as_role = client("ec2", **keys_of(session["Credentials"]))
seen["session"] = session["AssumedRoleUser"]["Arn"]
as_role.describe_instances()
policy["Statement"][0]["Action"] = ["sts:AssumeRole"]
iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(policy), SetAsDefault=True)
seen["narrowed"] = code(as_role.describe_instances)
iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
as_role.describe_instances()

# A profile with the role.
iam.create_instance_profile(InstanceProfileName="walk")
iam.get_waiter("instance_profile_exists").wait(InstanceProfileName="walk", WaiterConfig={"Delay": 1})
iam.add_role_to_instance_profile(InstanceProfileName="walk", RoleName="walk")
seen["conflict"] = code(lambda: iam.delete_role(RoleName="walk"))
iam.remove_role_from_instance_profile(InstanceProfileName="walk", RoleName="walk")
iam.delete_instance_profile(InstanceProfileName="walk")

iam.detach_role_policy(RoleName="walk", PolicyArn=arn)
iam.delete_role(RoleName="walk")
seen["gone"] = code(as_role.describe_instances)
iam.detach_user_policy(UserName="walker", PolicyArn=arn)
iam.delete_access_key(UserName="walker", AccessKeyId=second["AccessKeyId"])
iam.delete_user(UserName="walker")
iam.delete_policy_version(PolicyArn=arn, VersionId="v2")
iam.delete_policy(PolicyArn=arn)
pages = iam.get_paginator("list_users").paginate()
seen["left"] = [one["UserName"] for page in pages for one in page["Users"]]
print(json.dumps(seen))
