package cost

// leastScan is what Athena charges for the smallest query, in bytes.
const leastScan = 10_000_000

// Scan returns what Athena charges for a query that reads so many bytes, in US
// dollars at the price of deployments.
func Scan(bytes int64) float64 {
	if bytes <= 0 {
		return 0 // of statements that read nothing
	}
	return float64(max(bytes, leastScan)) / 1e12 * scannedTB
}
