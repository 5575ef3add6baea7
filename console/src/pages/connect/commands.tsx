/** The same from a terminal of one's own. */
import type { Instance } from '@aws-sdk/client-ec2'
import { t } from '../../text/t.ts'
import { Card, Code } from '../../ui/parts.tsx'
import { shellWord } from '../../util/shell.ts'

export function Commands({ instance, user }: { instance: Instance; user: string }) {
  const { InstanceId: id, PublicIpAddress: address, KeyName = 'KEY' } = instance
  const key = shellWord(`${KeyName}.pem`)
  return (
    <>
      {address && (
        <Card title={t('SSH, on the host')}>
          <Code text={`ssh -i ${key} ${shellWord(`${user}@${address}`)}`} label="ssh" />
        </Card>
      )}
      <Card title={t('By brume, on the host')}>
        <Code
          text={[
            `sudo ./brume ssh ${id} --identity ${key}`,
            `sudo ./brume console ${id}`,
            `sudo ./brume vnc ${id}`,
          ].join('\n')}
          label="brume"
        />
      </Card>
      <Card title={t('By the AWS command line')}>
        <Code
          text={[
            `aws ec2 get-console-output --latest --output text --instance-id ${id}`,
            `aws ec2 get-console-screenshot --query ImageData --output text --instance-id ${id} | base64 -d > screen.jpg`,
          ].join('\n')}
          label="aws"
        />
      </Card>
    </>
  )
}
