/** Chooses kernel modules with all they depend on, and writes the indexes that modprobe reads. Pure. */
import { FaultError } from '../domain/faults.ts'
import { moduleInfo } from './elf.ts'

export interface KernelModule {
  /** With `-` and `_` the same, as the kernel sees them. */
  name: string
  /** Below the modules folder: `kernel/drivers/net/virtio_net.ko`. */
  path: string
  data: Buffer
}

export function moduleName(path: string): string {
  return path
    .slice(path.lastIndexOf('/') + 1)
    .replace(/\.ko$/, '')
    .replaceAll('-', '_')
}

/**
 * The wanted modules and their dependencies, dependencies first. `read` gives a module's file or undefined.
 * A wanted module that is built into the kernel is fine; one that is nowhere is a fault.
 */
export function moduleClosure(
  wanted: readonly string[],
  builtIn: ReadonlySet<string>,
  read: (name: string) => KernelModule | undefined,
): KernelModule[] {
  const chosen = new Map<string, KernelModule>()
  const visit = (name: string, by: string): void => {
    if (chosen.has(name) || builtIn.has(name)) return
    const module = read(name)
    if (!module) {
      const reason = `the kernel package has no module ${name}, wanted by ${by}`
      throw new FaultError({ type: 'InvalidValue', parameter: 'kernel', value: name, reason })
    }
    for (const dependency of dependenciesOf(module)) visit(dependency, name)
    chosen.set(name, module)
  }
  for (const name of wanted) visit(name.replaceAll('-', '_'), 'the image')
  return [...chosen.values()]
}

function dependenciesOf(module: KernelModule): string[] {
  const info = moduleInfo(module.data)
  const hard = info.filter(({ key }) => key === 'depends').flatMap(({ value }) => value.split(','))
  return hard.filter(Boolean).map((name) => name.replaceAll('-', '_'))
}

/** `modules.dep` and `modules.alias` for a closure (dependencies first, as `moduleClosure` gives them). */
export function moduleIndexes(modules: readonly KernelModule[]): { dep: string; alias: string } {
  const byName = new Map(modules.map((module) => [module.name, module]))
  const collect = (module: KernelModule, into: Set<KernelModule>): Set<KernelModule> => {
    for (const name of dependenciesOf(module)) {
      const dependency = byName.get(name)
      if (dependency && !into.has(dependency)) collect(dependency, into.add(dependency))
    }
    return into
  }
  // modprobe loads a line's modules from its end to its start.
  const dep = modules.map((module) => {
    const needed = collect(module, new Set())
    const lastFirst = modules.filter((one) => needed.has(one)).toReversed()
    return `${module.path}:${lastFirst.map((one) => ` ${one.path}`).join('')}\n`
  })
  const alias = modules.flatMap((module) =>
    moduleInfo(module.data)
      .filter(({ key }) => key === 'alias')
      .map(({ value }) => `alias ${value} ${module.name}\n`),
  )
  return { dep: dep.join(''), alias: alias.join('') }
}
