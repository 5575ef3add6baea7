/** What is about to be launched, in short, as a command and as Terraform; and the button. */
import { useState } from 'react'
import { useNavigate } from 'react-router'
import { useCollection } from '../../aws/collection.ts'
import { images } from '../../aws/ec2.ts'
import { wordsOf } from '../../aws/clients.ts'
import { plural, t } from '../../text/t.ts'
import { Button, Card, Code, Fact, InputField, Note, NumberField } from '../../ui/parts.tsx'
import { Modal } from '../../ui/modal.tsx'
import { problemsOf, type Draft } from './draft.ts'
import { launch, templateSave } from './launch.ts'
import type { PartProps } from './part.ts'
import { awsCommand, terraform } from './render.ts'
import { familyOf } from './system.tsx'

export function Summary({
  draft,
  change,
  onLaunched,
}: PartProps & { onLaunched(ids: readonly string[]): void }) {
  const { data = [] } = useCollection(images)
  const [isBusy, setBusy] = useState(false)
  const [wrong, setWrong] = useState<string>()
  const [shown, setShown] = useState<'aws' | 'terraform' | 'template' | null>(null)
  const [problem] = problemsOf(draft)
  const image = data.find((one) => one.ImageId === draft.imageId)
  const gib = [draft.root, ...draft.disks].reduce((sum, disk) => sum + disk.sizeGiB, 0)
  const go = async (): Promise<void> => {
    setBusy(true)
    setWrong(undefined)
    try {
      onLaunched(await launch(draft))
    } catch (error) {
      setWrong(wordsOf(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <aside className="summary" aria-label={t('Summary')}>
      <Card title={t('Summary')}>
        <div className="stack">
          <NumberField
            label={t('Number of instances')}
            isNarrow
            min={1}
            max={1000}
            value={draft.count}
            onChange={(count) => change({ count })}
          />
          <dl className="stack" style={{ gap: 8 }}>
            <Fact name={t('Operating system')}>{familyOf(image?.Name ?? '') || t('none yet')}</Fact>
            <Fact name={t('Instance type')}>{draft.instanceType}</Fact>
            <Fact name={t('Firewall')}>
              {draft.groups.mode === 'new'
                ? t('New group {name}', { name: draft.groups.name })
                : plural(draft.groups.ids.length, '{n} group', '{n} groups')}
            </Fact>
            <Fact name={t('Key pair')}>{draft.keyName ?? t('none')}</Fact>
            <Fact name={t('Storage')}>
              {plural(1 + draft.disks.length, '{n} volume', '{n} volumes')}, {gib} GiB
            </Fact>
          </dl>
          {wrong !== undefined && <Note tone="bad">{wrong}</Note>}
          {problem !== undefined && <p className="muted small">{problem}.</p>}
          <Button look="primary" isBusy={isBusy} whyNot={problem} onClick={() => void go()}>
            {isBusy
              ? t('Launching…')
              : plural(draft.count, 'Launch instance', 'Launch {n} instances')}
          </Button>
          <div className="row wrap">
            <Button look="link" onClick={() => setShown('aws')}>
              {t('As an aws command')}
            </Button>
            <Button look="link" onClick={() => setShown('terraform')}>
              {t('As Terraform')}
            </Button>
            <Button look="link" whyNot={problem} onClick={() => setShown('template')}>
              {t('Save as a launch template')}
            </Button>
          </div>
        </div>
      </Card>
      {shown === 'template' && <SaveTemplate draft={draft} onClose={() => setShown(null)} />}
      {(shown === 'aws' || shown === 'terraform') && (
        <Modal
          title={shown === 'aws' ? t('The same as an aws command') : t('The same as Terraform')}
          isWide
          onClose={() => setShown(null)}
        >
          <p className="muted">
            {t('For your tools, set them up once:')} <code>eval "$(./brume env)"</code>
          </p>
          <Code
            text={shown === 'aws' ? awsCommand(draft) : terraform(draft)}
            label={shown === 'aws' ? t('aws command') : 'Terraform'}
          />
        </Modal>
      )}
    </aside>
  )
}

/** As AWS takes it. */
const TEMPLATE_NAME = /^[A-Za-z0-9()./_-]{3,128}$/

function SaveTemplate({ draft, onClose }: { draft: Draft; onClose(): void }) {
  const navigate = useNavigate()
  const [name, setName] = useState(draft.name.trim())
  return (
    <Modal
      title={t('Save as a launch template')}
      onClose={onClose}
      submit={{
        label: t('Save'),
        whyNot: TEMPLATE_NAME.test(name)
          ? undefined
          : t('3 to 128 letters, digits, and ( ) . / _ - are needed for a name'),
        run: async () => {
          await templateSave(draft, name)
          onClose()
          void navigate('/console/templates')
        },
      }}
    >
      <InputField label={t('Launch template name')} value={name} onChange={setName} />
      <p className="muted">
        {t('It keeps everything on this page but the number. Nothing is launched now.')}
        {draft.groups.mode === 'new' &&
          ` ${t('The security group {name} is made with it.', { name: draft.groups.name })}`}
      </p>
    </Modal>
  )
}
