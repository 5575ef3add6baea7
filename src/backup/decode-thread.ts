/** A thread of decoders.ts: one task after the other, each answered. What is no damage is a bug, and ends it. */
import { parentPort } from 'node:worker_threads'
import { present } from '../lib/assert.ts'
import { decode, type DecodeTask } from './decode.ts'

const port = present(parentPort, 'a thread')

port.on('message', (task: DecodeTask) => port.postMessage(decode(task)))
