/**
 * Simple NTP server (RFC 4330) from the host's clock, as Amazon Time Sync answers at 169.254.169.123. The packet
 * function is pure; the socket is the caller's, bound in a VPC's namespace.
 */
import type { Socket } from 'node:dgram'
import type { Clock } from '../lib/time.ts'

const PACKET_BYTES = 48
const MODE_CLIENT = 3
const MODE_SERVER = 4
/** Seconds from NTP's epoch (1900) to Unix's (1970). */
const EPOCH_OFFSET_SECONDS = 2_208_988_800
/** Amazon's says 3; we are as far from a reference clock as the host is, and clients refuse 16. */
const STRATUM = 3
/** 2^-20 s: about a microsecond. */
const PRECISION_LOG2 = -20

/** The answer to `request` that came at `receivedMs` and leaves at `sentMs`, or null for what is no question. */
export function ntpAnswer(
  request: Uint8Array,
  receivedMs: number,
  sentMs: number,
): Uint8Array | null {
  if (request.length < PACKET_BYTES) return null
  const version = (request[0]! >> 3) & 7
  if ((request[0]! & 7) !== MODE_CLIENT || version < 1 || version > 4) return null
  const answer = Buffer.alloc(PACKET_BYTES)
  answer[0] = (version << 3) | MODE_SERVER
  answer[1] = STRATUM
  answer[2] = request[2]!
  answer.writeInt8(PRECISION_LOG2, 3)
  // Root delay and dispersion in 16.16 seconds: 1 ms each.
  answer.writeUInt32BE(66, 4)
  answer.writeUInt32BE(66, 8)
  answer.set([169, 254, 169, 123], 12)
  writeTimestamp(answer, 16, receivedMs)
  answer.set(request.subarray(40, 48), 24)
  writeTimestamp(answer, 32, receivedMs)
  writeTimestamp(answer, 40, sentMs)
  return answer
}

function writeTimestamp(packet: Buffer, offset: number, ms: number): void {
  const seconds = Math.floor(ms / 1000)
  // NTP's seconds wrap in 2036: era 1 begins at zero.
  packet.writeUInt32BE((seconds + EPOCH_OFFSET_SECONDS) % 2 ** 32, offset)
  packet.writeUInt32BE(Math.floor(((ms - seconds * 1000) / 1000) * 2 ** 32), offset + 4)
}

export function serveNtp(socket: Socket, clock: Clock): void {
  socket.on('message', (request, peer) => {
    const answer = ntpAnswer(request, clock.now(), clock.now())
    if (answer) socket.send(answer, peer.port, peer.address)
  })
}
