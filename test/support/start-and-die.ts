/** A host agent that starts a machine and is killed at once: `node start-and-die.ts INSTANCES_FOLDER SPEC_JSON`. */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { VmSpec } from '../../src/domain/machine.ts'
import { createQemuDriver } from '../../src/hypervisor/qemu/driver.ts'
import { silentLog } from '../../src/lib/log.ts'

const [instancesFolder, spec] = process.argv.slice(2) as [string, string]
const driver = await createQemuDriver({
  instancesFolder,
  probeCachePath: join(tmpdir(), 'brume-test-cache', 'probe.json'),
  log: silentLog,
})
await driver.start(JSON.parse(spec) as VmSpec)
process.kill(process.pid, 'SIGKILL')
