/**
 * What a vault's owner asked to be told (PutBackupVaultNotifications). The ARN of the topic is kept and shown; there is
 * no SNS here: a message goes to the log and to the webhook of the setting `backupWebhook`, if there is one, in the
 * form in which SNS posts to HTTP endpoints.
 */
import { randomUUID } from 'node:crypto'
import { vaultArn } from '../../domain/backup/arn.ts'
import type { BackupVault } from '../../domain/backup/records.ts'
import type { App } from '../context.ts'

const ATTEMPTS_MAX = 3
const ATTEMPT_TIMEOUT_MS = 5_000
const PAUSE_MS = 2_000
/** Of messages that wait for a webhook; more than these are only in the log. */
const WAITING_MAX = 100
let waiting = 0

export interface Notice {
  event: string
  /** `job` and its id, state and message, the resource, the point. */
  details: Readonly<Record<string, string | number | null>>
}

/** Never throws and never holds up its caller. */
export function notify(app: App, vault: BackupVault | undefined, { event, details }: Notice): void {
  const { notifications } = vault ?? {}
  if (!vault || !notifications?.events.includes(event)) return
  const { topicArn } = notifications
  app.log.info({ event, vault: vault.name, topicArn, ...details }, 'backup notification')
  messageSend(app, {
    topicArn,
    subject: 'Notification from AWS Backup',
    message: { EventType: event, BackupVaultArn: vaultArn(vault), ...details },
    attributes: { EventType: { Type: 'String', Value: event } },
  })
}

export interface Message {
  topicArn: string
  subject: string
  message: object
  attributes?: object
}

/** To the webhook, if there is one, in the background. Never throws. */
export function messageSend(app: App, { topicArn, subject, message, attributes }: Message): void {
  app.log.info({ topicArn, subject }, 'notification')
  const url = app.settings.backupWebhook
  if (url === null) return
  if (waiting >= WAITING_MAX) {
    app.log.warn({ subject }, 'too many notifications wait: this one is not posted')
    return
  }
  const body = {
    Type: 'Notification',
    MessageId: randomUUID(),
    TopicArn: topicArn,
    Subject: subject,
    Message: JSON.stringify(message),
    Timestamp: new Date(app.clock.now()).toISOString(),
    ...(attributes && { MessageAttributes: attributes }),
  }
  waiting++
  void post(app, url, JSON.stringify(body)).finally(() => waiting--)
}

async function post(app: App, url: string, body: string): Promise<void> {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    try {
      const signal = AbortSignal.timeout(ATTEMPT_TIMEOUT_MS)
      const headers = { 'content-type': 'application/json' }
      const options = { method: 'POST', headers, body, signal, redirect: 'error' as const }
      const response = await fetch(url, options)
      await response.body?.cancel()
      if (response.ok) return
      throw new Error(`the webhook answered ${response.status}`)
    } catch (err) {
      app.log.warn({ err, attempt }, 'a backup notification was not delivered')
      if (attempt < ATTEMPTS_MAX) await app.clock.wait(PAUSE_MS * attempt)
    }
  }
}
