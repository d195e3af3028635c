# The agent only needs to read its secrets. For KV version 1 leave out data/ in the path.
path "secret/data/restic/*" {
  capabilities = ["read"]
}
