/** The name of the error that a call to any service ends in. */
export async function nameOf(call: Promise<unknown>): Promise<string> {
  try {
    await call
  } catch (error) {
    return (error as Error).name
  }
  throw new Error('the call succeeded, an error was expected')
}
