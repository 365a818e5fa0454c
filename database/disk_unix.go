//go:build linux || darwin

package database

import (
	"os"
	"syscall"
)

// room is how many bytes may still be written to the file's disk.
func room(file *os.File) (free uint64, known bool, err error) {
	var s syscall.Statfs_t
	if err := syscall.Fstatfs(int(file.Fd()), &s); err != nil { //nolint:gosec // a descriptor is a small number
		return 0, false, err
	}
	return s.Bavail * uint64(s.Bsize), true, nil //nolint:gosec // a block is never of negative size
}
