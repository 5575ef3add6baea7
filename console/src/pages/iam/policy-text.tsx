/** What a policy says, when somebody wants to know. */
import { GetPolicyVersionCommand } from '@aws-sdk/client-iam'
import { useState } from 'react'
import { iam } from '../../aws/clients.ts'
import { t } from '../../text/t.ts'
import { Modal } from '../../ui/modal.tsx'
import { Button, Code } from '../../ui/parts.tsx'
import { doing } from '../../ui/toasts.tsx'
import { pretty } from './page.tsx'

export function PolicyText({ arn, versionId }: { arn: string; versionId: string }) {
  const [text, setText] = useState<string>()
  const read = async (): Promise<void> => {
    const input = { PolicyArn: arn, VersionId: versionId }
    const answer = await (await iam()).send(new GetPolicyVersionCommand(input))
    setText(pretty(answer.PolicyVersion?.Document))
  }
  return (
    <>
      <Button isSmall onClick={() => void doing(t('Read'), read)}>
        {t('Read it')}
      </Button>
      {text !== undefined && (
        <Modal title={arn} isWide onClose={() => setText(undefined)}>
          <Code text={text} label={t('Policy')} />
        </Modal>
      )}
    </>
  )
}
