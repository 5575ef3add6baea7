/** What `./brume doctor` finds: what this host can do, what is missing, and how to mend it. */
import { useQuery } from '@tanstack/react-query'
import { wordsOf } from '../aws/clients.ts'
import { doctorRead, type Finding } from '../aws/host.ts'
import { t } from '../text/t.ts'
import { Button, Card, Code, Note, type Tone } from '../ui/parts.tsx'

const TONES: Readonly<Record<Finding['level'], Tone>> = {
  good: 'good',
  limited: 'warn',
  bad: 'bad',
}
const WORDS: Readonly<Record<Finding['level'], string>> = {
  good: t('good'),
  limited: t('limited'),
  bad: t('to mend'),
}
/** A fix that is a command can be copied; one that is a sentence is read. */
const COMMAND = /^(?:sudo |\.\/|apt-get |modprobe |systemctl |sysctl |echo )/

export function Doctor() {
  const { data, error, isFetching, refetch } = useQuery({
    queryKey: ['doctor'],
    queryFn: doctorRead,
    retry: false,
  })
  return (
    <Card
      title={<span id="doctor">{t('Doctor: what this host can do')}</span>}
      actions={
        <Button isSmall isBusy={isFetching} onClick={() => void refetch()}>
          {isFetching ? t('Looking…') : t('Look again')}
        </Button>
      }
    >
      {error && (
        <Note tone="warn">
          {wordsOf(error)} {t('Only who runs the host may look here.')}
        </Note>
      )}
      {!data && !error && <p className="muted">{t('The host is being looked at…')}</p>}
      {data && (
        <div className="stack">
          <p>{summaryOf(data)}</p>
          {[...Map.groupBy(data, ({ area }) => area)].map(([area, findings]) => (
            <section key={area} className="stack tight">
              <h3>{area}</h3>
              {findings.map((finding) => (
                <One key={finding.text} finding={finding} />
              ))}
            </section>
          ))}
        </div>
      )}
    </Card>
  )
}

function One({ finding: { level, text, fix } }: { finding: Finding }) {
  return (
    <div className="stack tight">
      <div className="row" style={{ alignItems: 'baseline' }}>
        <span className={`state ${TONES[level]}`} style={{ minWidth: 76 }}>
          {WORDS[level]}
        </span>
        <span>{text}</span>
      </div>
      {fix !== null &&
        (COMMAND.test(fix) ? (
          <Code text={fix} label={t('How to mend it')} />
        ) : (
          <p className="muted">{fix}</p>
        ))}
    </div>
  )
}

function summaryOf(findings: readonly Finding[]): string {
  const count = (level: Finding['level']): number =>
    findings.filter((one) => one.level === level).length
  if (count('bad') > 0) return t('{n} to mend before machines can run.', { n: count('bad') })
  if (count('limited') > 0)
    return t('Machines can run here, with limits: {n}.', { n: count('limited') })
  return t('All is well: machines can run here.')
}
