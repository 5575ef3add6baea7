/** How a kind of resource is looked up, and what is unique about it. */

export interface Reference {
  name: string
  value: string
}

export interface KindRules<R> {
  references(resource: R): Reference[]
  /** `scope` + `name` is unique over all resources of all kinds. */
  claims(resource: R): { scope: string; name: string }[]
}
