/**
 * The layers of tests as vitest projects. `scripts/test.ts` runs them in order with what they need around them;
 * `npx vitest run --project unit` runs one by hand. Layers that use the host or boot guests run one file at a time.
 */
import { defineConfig } from 'vitest/config'

const SECOND = 1000
const MINUTE = 60 * SECOND

function layer(name: string, timeoutMs: number, isParallel: boolean) {
  return {
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      testTimeout: timeoutMs,
      hookTimeout: timeoutMs,
      fileParallelism: isParallel,
      // One project after the other when several are asked for: guests want the machine for themselves.
      sequence: {
        groupOrder: ['unit', 'store', 'api', 'console', 'host', 'vm', 'long'].indexOf(name),
      },
    },
  }
}

export default defineConfig({
  test: {
    projects: [
      layer('unit', 20 * SECOND, true),
      layer('store', 30 * SECOND, true),
      layer('api', 30 * SECOND, true),
      layer('console', 60 * SECOND, false),
      layer('host', 2 * MINUTE, false),
      layer('vm', 10 * MINUTE, false),
      layer('long', 10 * MINUTE, false),
    ],
    allowOnly: process.env['CI'] === undefined,
  },
})
