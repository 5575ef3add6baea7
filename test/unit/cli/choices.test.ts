/** From the words people type to what they mean: machines, images, and why a daemon did not start. */
import type { Instance } from '@aws-sdk/client-ec2'
import { expect, test } from 'vitest'
import { instanceChoose } from '../../../src/cli/client.ts'
import { tellingLines } from '../../../src/cli/daemon-log.ts'
import { isImageId, parameterOf } from '../../../src/cli/image-choice.ts'

function machine(id: string, name: string, state: string, launched: number): Instance {
  return {
    InstanceId: id,
    Tags: name ? [{ Key: 'Name', Value: name }] : [],
    State: { Name: state as never },
    LaunchTime: new Date(launched),
  }
}

const MACHINES = [
  machine('i-1', 'web', 'running', 1),
  machine('i-2', 'web', 'terminated', 5),
  machine('i-3', 'db', 'stopped', 3),
  machine('i-4', 'twin', 'running', 2),
  machine('i-5', 'twin', 'running', 2),
]

test.each([
  ['i-2', 'i-2'],
  ['web', 'i-1'],
  [undefined, 'i-3'],
])('the machine %s is %s', (word, id) => {
  expect(instanceChoose(MACHINES, word).InstanceId).toBe(id)
})

test('an unknown name lists the machines there are, a double name asks which', () => {
  expect(() => instanceChoose(MACHINES, 'nope')).toThrow("No machine has the id or the name 'nope'")
  expect(() => instanceChoose(MACHINES, 'twin')).toThrow("2 machines are called 'twin'")
  expect(() => instanceChoose([], undefined)).toThrow('No machine is there')
})

test('image names are looked up where AWS’s users would', () => {
  expect(parameterOf('tiny')).toBe('/aws/service/brume/tiny/latest')
  expect(parameterOf('debian-12')).toBe('/aws/service/debian/release/12/latest/amd64')
  expect([isImageId('ami-0123456789abcdef0'), isImageId('ami-x'), isImageId('tiny')]).toEqual([
    true,
    false,
    false,
  ])
})

test('a crash is told in its own words', () => {
  const log = `node:internal/modules:271
    throw new ERR()
          ^

Error [ERR_MODULE_NOT_FOUND]: Cannot find module '/x/backend.ts'
    at finalizeResolution (node:internal:271:11) {
  code: 'ERR_MODULE_NOT_FOUND'
}

Node.js v26.10.0`
  expect(tellingLines(log)[0]).toBe(
    "Error [ERR_MODULE_NOT_FOUND]: Cannot find module '/x/backend.ts'",
  )
})

test('log records: warnings and errors before the rest', () => {
  const log = [
    '{"level":30,"msg":"starting"}',
    '{"level":50,"err":{"message":"no /dev/net/tun"},"msg":"no network"}',
    '{"level":30,"msg":"ending"}',
  ].join('\n')
  expect(tellingLines(log)).toEqual(['no network: no /dev/net/tun'])
  expect(tellingLines('{"level":30,"msg":"starting"}')).toEqual(['starting'])
})
