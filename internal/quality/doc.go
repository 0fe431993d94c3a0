// Package quality judges tables: which values a reference may have, what table
// checks and limits find, and the reasons by which rows went to quarantine.
//
// Nothing here moves rows; the layers ask and act.
package quality
