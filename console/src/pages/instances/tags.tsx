/** Its tags, to read and to change. */
import { CreateTagsCommand, DeleteTagsCommand, type Instance } from '@aws-sdk/client-ec2'
import { useState } from 'react'
import { ec2 } from '../../aws/clients.ts'
import { t } from '../../text/t.ts'
import { ask } from '../../ui/asking.tsx'
import { Button, Card } from '../../ui/parts.tsx'
import { doing } from '../../ui/toasts.tsx'

export function Tags({ instance }: { instance: Instance }) {
  const Resources = [instance.InstanceId ?? '']
  const [key, setKey] = useState('')
  const [value, setValue] = useState('')
  const add = async (): Promise<void> => {
    const isDone = await doing(t('Tag saved'), () =>
      ec2().send(new CreateTagsCommand({ Resources, Tags: [{ Key: key.trim(), Value: value }] })),
    )
    if (!isDone) return
    setKey('')
    setValue('')
  }
  return (
    <Card title={t('Tags')} isPlain>
      <table className="plain-table">
        <thead>
          <tr>
            <th>{t('Key')}</th>
            <th>{t('Value')}</th>
            <th />
          </tr>
        </thead>
        <tbody>
          {instance.Tags?.map(({ Key = '', Value }) => (
            <tr key={Key}>
              <td className="breaks">{Key}</td>
              <td className="breaks">{Value}</td>
              <td style={{ textAlign: 'right' }}>
                <Button
                  isSmall
                  aria-label={t('Remove tag {key}', { key: Key })}
                  onClick={() =>
                    ask({
                      title: t('Remove tag {key}', { key: Key }),
                      words: t('Plans and policies that go by it go without this instance.'),
                      label: t('Remove'),
                      done: t('Tag removed'),
                      run: () => ec2().send(new DeleteTagsCommand({ Resources, Tags: [{ Key }] })),
                    })
                  }
                >
                  {t('Remove')}
                </Button>
              </td>
            </tr>
          ))}
          <tr>
            <td>
              <input
                className="input"
                aria-label={t('New key')}
                placeholder={t('New key')}
                value={key}
                onChange={(event) => setKey(event.target.value)}
              />
            </td>
            <td>
              <input
                className="input"
                aria-label={t('New value')}
                placeholder={t('New value')}
                value={value}
                onChange={(event) => setValue(event.target.value)}
              />
            </td>
            <td style={{ textAlign: 'right' }}>
              <Button
                isSmall
                look="primary"
                whyNot={key.trim() ? undefined : t('A key is needed')}
                onClick={() => void add()}
              >
                {t('Add tag')}
              </Button>
            </td>
          </tr>
        </tbody>
      </table>
    </Card>
  )
}
