package quiet

import "os"

// Variables are those that are set, all to "true".
var Variables = [...]string{"SF_DISABLE_MINICORE", "SNOWFLAKE_DISABLE_PLATFORM_DETECTION", "SF_TELEMETRY_DISABLE_CONNECTION_SHAPE"}

var _ = set()

func set() error {
	for _, name := range Variables {
		if _, there := os.LookupEnv(name); there {
			continue
		}
		if err := os.Setenv(name, "true"); err != nil {
			return err // the driver then does more than it should, and nothing is wrong
		}
	}
	return nil
}
