/** Instances as the console speaks of them: names, and which action a state allows, from the server's own table. */
import type { Instance, Tag } from '@aws-sdk/client-ec2'
import { instanceCan, type InstanceState } from '../../../src/domain/instance.ts'
import { plural, t } from '../text/t.ts'

export function tagOf(tags: readonly Tag[] | undefined, key: string): string {
  return tags?.find((tag) => tag.Key === key)?.Value ?? ''
}

export const nameOf = (instance: Instance): string => tagOf(instance.Tags, 'Name')

export const titleOf = (instance: Instance): string =>
  nameOf(instance) || (instance.InstanceId ?? '')

export const stateOf = (instance: Instance): InstanceState =>
  (instance.State?.Name ?? 'pending') as InstanceState

export type InstanceAction = 'start' | 'stop' | 'reboot' | 'terminate' | 'changeType' | 'connect'

/** AWS takes a start of what runs as done already; a button for it would only confuse. */
const WANTED: Readonly<Record<InstanceAction, readonly InstanceState[]>> = {
  start: instanceCan.start.filter((state) => state === 'stopped'),
  stop: instanceCan.stop.filter((state) => state === 'running' || state === 'pending'),
  reboot: instanceCan.reboot,
  terminate: instanceCan.terminate.filter((s) => s !== 'terminated' && s !== 'shutting-down'),
  changeType: instanceCan.changeType,
  connect: ['running'],
}

/** Why not; undefined: it can be done. */
export function whyNot(action: InstanceAction, chosen: readonly Instance[]): string | undefined {
  if (chosen.length === 0) return t('Select an instance first')
  if ((action === 'changeType' || action === 'connect') && chosen.length > 1) {
    return t('Select one instance only')
  }
  const others = chosen.filter((one) => !WANTED[action].includes(stateOf(one)))
  if (others.length === 0) return undefined
  const states = WANTED[action].join(t(' or '))
  const [first] = others
  const values = { id: titleOf(first!), state: stateOf(first!), states }
  return others.length === 1
    ? t('{id} is {state}; it must be {states}', values)
    : t('{n} of them are not {states}', { n: others.length, states })
}

/** `1 h 12 min`, `3 d 4 h`. */
export function ago(date: Date | undefined, now = Date.now()): string {
  if (!date) return ''
  const minutes = Math.max(0, Math.floor((now - date.getTime()) / 60_000))
  if (minutes < 1) return t('just now')
  if (minutes < 60) return t('{n} min', { n: minutes })
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return t('{h} h {m} min', { h: hours, m: minutes % 60 })
  return t('{d} d {h} h', { d: Math.floor(hours / 24), h: hours % 24 })
}

/** How long something goes on already. */
export function lasting(since: Date, now = Date.now()): string {
  return now - since.getTime() < 60_000 ? t('under a minute') : ago(since, now)
}

const TIME = { dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' } as const

export function timeText(date: Date | undefined): string {
  return date ? date.toLocaleString('en', TIME) : ''
}

export function sizeText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`
}

export const cpusText = (vcpus: number): string => plural(vcpus, '{n} vCPU', '{n} vCPUs')
