/**
 * In whose name Backup works when nobody is asking: the account's own. What somebody asked for was allowed when it was
 * asked (aws/backup/authorisation.ts).
 */
import type { BackupHost } from '../../agent/backup-protocol.ts'
import { present } from '../../lib/assert.ts'
import type { App, Ctx, HostHandle } from '../context.ts'
import type { Scope } from './resources/handler.ts'

export function backgroundCtx(app: App, scope: Scope, requestId: string): Ctx {
  const { account, region } = scope
  const arn = `arn:aws:iam::${account}:root`
  const principal = { type: 'root', arn, id: account, accessKeyId: 'backup' } as const
  return { app, account, region, principal, requestId, requestHash: 'backup' }
}

export function anyHost(app: App): HostHandle {
  return present(app.hosts[0], 'a host')
}

export function backupHostOf({ agent }: HostHandle): BackupHost {
  return agent.backup
}
