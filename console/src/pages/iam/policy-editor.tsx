/** A policy as text, checked while it is typed by the cloud's own grammar. */
import { useId, useState } from 'react'
import { parsePolicy, type PolicyUse } from '../../../../src/domain/iam/document.ts'
import { t } from '../../text/t.ts'
import { Modal } from '../../ui/modal.tsx'
import { Field, InputField } from '../../ui/parts.tsx'

export const POLICY_START = JSON.stringify(
  {
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: ['ec2:Describe*', 'ec2:StartInstances'], Resource: '*' },
    ],
  },
  null,
  2,
)

export const TRUST_START = JSON.stringify(
  {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 'ec2.amazonaws.com' },
        Action: 'sts:AssumeRole',
      },
    ],
  },
  null,
  2,
)

const NAME = /^[\w+=,.@-]{1,128}$/

export interface PolicyEditorProps {
  title: string
  use: PolicyUse
  /** Absent: a name is asked for. */
  name?: string
  text: string
  save(name: string, text: string): Promise<void>
  onClose(): void
}

export function PolicyEditor(props: PolicyEditorProps) {
  const { title, use, save, onClose } = props
  const id = useId()
  const [name, setName] = useState(props.name ?? '')
  const [text, setText] = useState(props.text)
  const wrong = faultOf(text, use)
  const whyNot = NAME.test(name) ? wrong : t('A name of letters, digits and +=,.@_- is needed')
  return (
    <Modal
      title={title}
      isWide
      onClose={onClose}
      submit={{ label: t('Save'), whyNot, run: () => save(name, text) }}
    >
      {props.name === undefined && <InputField label={t('Name')} value={name} onChange={setName} />}
      <Field
        label={t('Policy (JSON)')}
        id={id}
        wrong={wrong}
        hint={wrong === undefined ? t('It follows the grammar.') : undefined}
      >
        <textarea
          id={id}
          className="input mono"
          rows={16}
          spellCheck={false}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      </Field>
    </Modal>
  )
}

function faultOf(text: string, use: PolicyUse): string | undefined {
  try {
    parsePolicy(text, use)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}
