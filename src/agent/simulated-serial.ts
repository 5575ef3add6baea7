/**
 * The serial console of a machine that is none: says so, and echoes lines, so that terminals have somebody to talk
 * to.
 */
import { Duplex } from 'node:stream'

const PROMPT = 'simulated> '

export function simulatedSerial(): Duplex {
  let line = ''
  const stream = new Duplex({
    read: () => {},
    write: (chunk: Buffer, _encoding, done) => {
      for (const key of chunk.toString('latin1')) {
        if (key !== '\r') {
          line += key
          stream.push(key)
          continue
        }
        const answer = line.trim() ? `no guest runs here to answer '${line.trim()}'\r\n` : ''
        line = ''
        stream.push(`\r\n${answer}${PROMPT}`)
      }
      done()
    },
  })
  stream.push(`This host is simulated: nothing boots.\r\n${PROMPT}`)
  return stream
}
