/** Zone ids as AWS abbreviates its regions. */
import { expect, test } from 'vitest'
import { zoneIdOf } from '../../src/domain/zones.ts'

test.each([
  ['us-east-1a', 'use1-az1'],
  ['us-west-2c', 'usw2-az3'],
  ['eu-central-1b', 'euc1-az2'],
  ['ap-southeast-2a', 'apse2-az1'],
  ['ap-northeast-3a', 'apne3-az1'],
  ['me-south-1a', 'mes1-az1'],
  ['us-gov-west-1a', 'usgw1-az1'],
])('%s is %s', (zone, id) => {
  expect(zoneIdOf(zone)).toBe(id)
})
