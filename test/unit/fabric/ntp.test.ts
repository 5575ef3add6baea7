/** NTP packets byte by byte. */
import { expect, test } from 'vitest'
import { ntpAnswer } from '../../../src/fabric/ntp.ts'

const question = (first: number): Buffer => {
  const packet = Buffer.alloc(48)
  packet[0] = first
  packet[2] = 6
  packet.write('12345678', 40, 'latin1')
  return packet
}

test('answers a client of its own version, with its own time stamp returned', () => {
  const answer = Buffer.from(ntpAnswer(question(0x23), 1_500, 2_250)!)
  expect(answer[0]).toBe(0x24)
  expect(answer[1]).toBe(3)
  expect(answer[2]).toBe(6)
  expect(answer.toString('latin1', 24, 32)).toBe('12345678')
  expect(answer.readUInt32BE(32)).toBe(2_208_988_801)
  expect(answer.readUInt32BE(36)).toBe(0x8000_0000)
  expect(answer.readUInt32BE(40)).toBe(2_208_988_802)
  expect(answer.readUInt32BE(44)).toBe(0x4000_0000)
  expect(ntpAnswer(question(0x1b), 0, 0)![0]).toBe(0x1c)
})

test('time wraps into era 1 in 2036', () => {
  const ms = Date.UTC(2036, 1, 7, 6, 28, 17)
  expect(Buffer.from(ntpAnswer(question(0x23), ms, ms)!).readUInt32BE(40)).toBe(1)
})

test('says nothing to what is no question', () => {
  expect(ntpAnswer(Buffer.alloc(47), 0, 0)).toBeNull()
  // A server's answer: two servers must not talk to each other for ever.
  expect(ntpAnswer(question(0x24), 0, 0)).toBeNull()
  expect(ntpAnswer(question(0x03), 0, 0)).toBeNull()
  expect(ntpAnswer(question(0x2b), 0, 0)).toBeNull()
})
