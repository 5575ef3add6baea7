/** Editing AWS's config files must not harm what is there. */
import { expect, test } from 'vitest'
import { iniSet } from '../../../src/cli/aws-profile.ts'

const OURS = { region: 'us-east-1', endpoint_url: 'http://localhost:4566' }

test('an empty file gets the section', () => {
  expect(iniSet('', 'profile brume', OURS)).toBe(
    '[profile brume]\nregion = us-east-1\nendpoint_url = http://localhost:4566\n',
  )
})

test('other sections, comments and nested settings stay as they are', () => {
  const before =
    '# mine\n[default]\nregion=eu-west-1\ns3 =\n  endpoint_url = http://other\n\n[profile x]\noutput = json\n'
  const after = iniSet(before, 'profile brume', OURS)
  expect(after.startsWith(before)).toBe(true)
  expect(after.slice(before.length)).toBe(
    '\n[profile brume]\nregion = us-east-1\nendpoint_url = http://localhost:4566\n',
  )
})

test('only our keys of our section change, in place', () => {
  const before =
    '[profile brume]\noutput = table\nendpoint_url = http://localhost:1\ns3 =\n  region = nested\n\n[default]\nregion = a\n'
  expect(iniSet(before, 'profile brume', OURS)).toBe(
    '[profile brume]\noutput = table\nendpoint_url = http://localhost:4566\ns3 =\n  region = nested\n' +
      'region = us-east-1\n\n[default]\nregion = a\n',
  )
})

test('writing twice changes nothing, a double key is written once', () => {
  const once = iniSet('[default]\nregion = a\n', 'profile brume', OURS)
  expect(iniSet(once, 'profile brume', OURS)).toBe(once)
  const twice = iniSet('[a]\nregion = 1\nregion = 2\n', 'a', { region: '3' })
  expect(twice).toBe('[a]\nregion = 3\n')
})

test('Windows line ends and a missing last one are kept sane', () => {
  expect(iniSet('[a]\r\nx = 1', 'a', { y: '2' })).toBe('[a]\r\nx = 1\r\ny = 2\r\n')
  expect(iniSet('[ profile   brume ]\nregion = 1', 'profile brume', { region: '2' })).toBe(
    '[ profile   brume ]\nregion = 2\n',
  )
})
