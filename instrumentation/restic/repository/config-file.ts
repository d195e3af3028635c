/** The `config` file of a repository. restic design document, section "Repository Format". */
export interface ConfigFile {
  /** 64 random hex digits: the only stable identity of a repository. */
  readonly id: string;
  readonly version: 1 | 2;
}
