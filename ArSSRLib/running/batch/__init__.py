"""Many independent jobs: on this machine or on a cluster, one failure never stops the rest."""
