# All that the agent needs: to read its secrets. In a KV engine of version 1 the path has no data/.
path "secret/data/restic/*" {
  capabilities = ["read"]
}
