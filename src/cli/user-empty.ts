/** Takes away all that IAM wants gone before a user can be deleted: keys first, so that they stop working at once. */
import type { IAMClient } from '@aws-sdk/client-iam'
import { awsCode } from './client.ts'

export async function userEmpty(iam: IAMClient, UserName: string): Promise<void> {
  const sdk = await import('@aws-sdk/client-iam')
  const user = { UserName }
  const keys = await iam.send(new sdk.ListAccessKeysCommand(user))
  for (const { AccessKeyId } of keys.AccessKeyMetadata ?? []) {
    await iam.send(new sdk.DeleteAccessKeyCommand({ ...user, AccessKeyId }))
  }
  await iam.send(new sdk.DeleteLoginProfileCommand(user)).catch((error: unknown) => {
    if (awsCode(error) !== 'NoSuchEntityException') throw error
  })
  const devices = await iam.send(new sdk.ListMFADevicesCommand(user))
  for (const { SerialNumber } of devices.MFADevices ?? []) {
    await iam.send(new sdk.DeactivateMFADeviceCommand({ ...user, SerialNumber }))
    await iam.send(new sdk.DeleteVirtualMFADeviceCommand({ SerialNumber }))
  }
  const ssh = await iam.send(new sdk.ListSSHPublicKeysCommand(user))
  for (const { SSHPublicKeyId } of ssh.SSHPublicKeys ?? []) {
    await iam.send(new sdk.DeleteSSHPublicKeyCommand({ ...user, SSHPublicKeyId }))
  }
  const signing = await iam.send(new sdk.ListSigningCertificatesCommand(user))
  for (const { CertificateId } of signing.Certificates ?? []) {
    await iam.send(new sdk.DeleteSigningCertificateCommand({ ...user, CertificateId }))
  }
  const groups = await iam.send(new sdk.ListGroupsForUserCommand(user))
  for (const { GroupName } of groups.Groups ?? []) {
    await iam.send(new sdk.RemoveUserFromGroupCommand({ ...user, GroupName }))
  }
  const attached = await iam.send(new sdk.ListAttachedUserPoliciesCommand(user))
  for (const { PolicyArn } of attached.AttachedPolicies ?? []) {
    await iam.send(new sdk.DetachUserPolicyCommand({ ...user, PolicyArn }))
  }
  const inline = await iam.send(new sdk.ListUserPoliciesCommand(user))
  for (const PolicyName of inline.PolicyNames ?? []) {
    await iam.send(new sdk.DeleteUserPolicyCommand({ ...user, PolicyName }))
  }
}
