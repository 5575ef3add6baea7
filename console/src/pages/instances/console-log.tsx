/** What the machine said on its serial console: the last 64 KiB. */
import { GetConsoleOutputCommand, type Instance } from '@aws-sdk/client-ec2'
import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { ec2, wordsOf } from '../../aws/clients.ts'
import { t } from '../../text/t.ts'
import { Button, Card, Note } from '../../ui/parts.tsx'
import { logText } from '../../util/guest-text.ts'

export function ConsoleLog({ instance }: { instance: Instance }) {
  const { InstanceId } = instance
  const { data, error, refetch, isFetching } = useQuery({
    queryKey: ['console', InstanceId],
    staleTime: 0,
    queryFn: async () => {
      const answer = await ec2().send(new GetConsoleOutputCommand({ InstanceId, Latest: true }))
      return textOf(answer.Output ?? '')
    },
  })
  return (
    <Card
      title={t('Console log')}
      actions={
        <div className="row">
          <Link to={`/console/connect/${InstanceId}/serial`}>
            {t('Open the live serial console')}
          </Link>
          <Button isSmall isBusy={isFetching} onClick={() => void refetch()}>
            {t('Read again')}
          </Button>
        </div>
      }
    >
      {error && <Note tone="bad">{wordsOf(error)}</Note>}
      {data !== undefined && (
        <pre className="log" tabIndex={0}>
          {data || t('Nothing was said yet.')}
        </pre>
      )}
    </Card>
  )
}

/** Control sequences of terminals mean nothing in a page. */
function textOf(base64: string): string {
  const bytes = Uint8Array.from(atob(base64), (one) => one.charCodeAt(0))
  return logText(new TextDecoder().decode(bytes))
}
