/** Names of what Backup keeps, and of what it protects. */
export interface Place {
  account: string
  region: string
}

const backup = ({ region, account }: Place, rest: string): string =>
  `arn:aws:backup:${region}:${account}:${rest}`

export const vaultArn = (vault: Place & { name: string }): string =>
  backup(vault, `backup-vault:${vault.name}`)
export const planArn = (plan: Place & { id: string }): string =>
  backup(plan, `backup-plan:${plan.id}`)
export const pointArn = (point: Place & { id: string }): string =>
  backup(point, `recovery-point:${point.id}`)
export const holdArn = (hold: Place & { id: string }): string =>
  backup(hold, `legal-hold:${hold.id}`)
export const frameworkArn = (framework: Place & { name: string; id: string }): string =>
  backup(framework, `framework:${framework.name}-${framework.id}`)
export const reportPlanArn = (plan: Place & { name: string; id: string }): string =>
  backup(plan, `report-plan:${plan.name}-${plan.id}`)
/** Its last part is the name and an id, as AWS has it. */
export const testPlanArn = (plan: Place & { name: string; id: string }): string =>
  backup(plan, `restore-testing-plan:${plan.name}-${plan.id}`)
export const instanceArn = (instance: Place & { id: string }): string =>
  `arn:aws:ec2:${instance.region}:${instance.account}:instance/${instance.id}`
export const volumeArn = (volume: Place & { id: string }): string =>
  `arn:aws:ec2:${volume.region}:${volume.account}:volume/${volume.id}`

export interface ParsedArn extends Place {
  service: string
  /** What follows the account: `backup-vault:name`, `instance/i-…`. */
  rest: string
}

/** Undefined: it is none. */
export function parseArn(text: string): ParsedArn | undefined {
  const found = /^arn:aws:([a-z0-9-]+):([a-z0-9-]*):(\d{12}|):(.+)$/.exec(text)
  if (!found) return undefined
  const [, service, region, account, rest] = found as unknown as string[]
  return { service: service!, region: region!, account: account!, rest: rest! }
}

export function parseVaultArn(text: string): (Place & { name: string }) | undefined {
  const arn = parseArn(text)
  const name = arn?.service === 'backup' ? /^backup-vault:([\w-]+)$/.exec(arn.rest)?.[1] : undefined
  return arn && name ? { account: arn.account, region: arn.region, name } : undefined
}

/** The id of a recovery point. */
export function parsePointArn(text: string): (Place & { id: string }) | undefined {
  const arn = parseArn(text)
  const isOurs = arn?.service === 'backup'
  const id = isOurs ? /^recovery-point:([\w-]+)$/.exec(arn.rest)?.[1] : undefined
  return arn && id ? { account: arn.account, region: arn.region, id } : undefined
}
