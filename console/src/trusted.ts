/**
 * The page's policy lets no script make markup of text. One use is harmless and needed: the AWS SDK reads XML answers
 * with the browser's parser, which makes a document apart and runs nothing. Every other sink stays shut.
 */
interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createHTML(text: string, type: string, sink: string): string | null },
  ): void
}

const types = (window as unknown as { trustedTypes?: TrustedTypes }).trustedTypes

types?.createPolicy('default', {
  createHTML: (text, _type, sink) => (sink === 'DOMParser parseFromString' ? text : null),
})
