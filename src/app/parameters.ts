export async function parameterResolve(_ctx: unknown, name: string): Promise<string> {
  return name
}
