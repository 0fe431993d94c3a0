package lab

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// ChainFiles returns files of payments that refer to orders, which refer to people,
// of which the latest version alone counts: so values come and go, and rows with
// them. A row is the name and the text of a file.
func ChainFiles(rng *rand.Rand) (files []Row) {
	row := func(format string, values ...any) string { return fmt.Sprintf(format+"\n", values...) }
	mail := func() string { return []string{"a@x", "b@x", "c@x", "d@x", "", "broken"}[rng.IntN(6)] }
	region := func() string { return []string{"n", "s", "x", ""}[rng.IntN(4)] }
	for i := range 4 {
		var people, orders, payments strings.Builder
		people.WriteString("id,mail,region,version\n")
		orders.WriteString("id,mail,region,version\n")
		payments.WriteString("payment,order_id,region\n")
		for range 3 {
			people.WriteString(row("%d,%s,%s,%d", rng.IntN(3), mail(), region(), rng.IntN(5)))
		}
		for range 6 {
			orders.WriteString(row("o%d,%s,%s,%d", rng.IntN(6), mail(), region(), rng.IntN(4)))
		}
		for range 8 {
			payments.WriteString(row("p%d,o%d,%s", rng.IntN(15), rng.IntN(8), region()))
		}
		files = append(files, Row{"name": fmt.Sprintf("people_%d.csv", i), "text": people.String()},
			Row{"name": fmt.Sprintf("orders_%d.csv", i), "text": orders.String()},
			Row{"name": fmt.Sprintf("payments_%d.csv", i), "text": payments.String()})
	}
	return files
}
