package snowflaketest

import (
	"bufio"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Want is a statement that is to come, and its answer.
type Want struct {
	Text  string   // exactly, but for blanks around it; or
	Match string   // a regular expression
	Binds []string // the values, such as "DATE 1767225600000"; nil: any

	Columns string        // such as `ID NUMBER(38,0), NAME TEXT, AT TIMESTAMP_NTZ(9)`; NOT NULL may follow
	Rows    [][]any       // values are nil or what fmt prints as Snowflake's JSON has them
	Error   *Error        // in place of rows
	Chunk   *Chunked      // of a large result, after the rows
	Arrow   []byte        // an IPC stream, in place of the rows
	Delay   time.Duration // before the answer; the statement can be aborted meanwhile
	Slow    int           // how often the answer is first that it still runs (333333)
	Async   int           // how often it is first that it runs apart (333334)
	Drop    int           // how often the connection breaks off in place of an answer
	Total   int           // of the rows, if the answer is to say something else
}

// Chunked are the rows of a result that come in chunks of their own.
type Chunked struct {
	Chunks, RowsEach int
	Row              func(i int) []any             // counted over all chunks
	Arrow            func(chunk int) []byte        // an IPC stream, in place of rows
	Break            func(chunk, attempt int) bool // the connection breaks off in the middle
}

// result is the answer to a statement that runs.
type result struct {
	want     Want
	id       string
	stop     chan struct{}
	left     int // how often it still runs
	drop     int
	code     string
	attempts map[int]int // of chunks
}

func (s *Server) query(w http.ResponseWriter, r *http.Request) {
	var request struct {
		Text       string         `json:"sqlText"`
		Parameters map[string]any `json:"parameters"`
		Bindings   map[string]struct {
			Type  string `json:"type"`
			Value any    `json:"value"`
		} `json:"bindings"`
	}
	if err := body(r, &request); err != nil {
		s.t.Errorf("snowflaketest: the statement cannot be read: %v", err)
	}
	statement := Statement{Text: request.Text, Parameters: request.Parameters, Request: r.FormValue("requestId")}
	statement.Tag, _ = request.Parameters["QUERY_TAG"].(string)
	for i := 1; i <= len(request.Bindings); i++ {
		b := request.Bindings[strconv.Itoa(i)]
		value := "null"
		if b.Value != nil {
			value = fmt.Sprint(b.Value)
		}
		statement.Binds = append(statement.Binds, b.Type+" "+value)
	}
	s.mu.Lock()
	if !s.live(w, r) {
		s.mu.Unlock()
		return
	}
	res := s.running(statement)
	drop := res.drop > 0
	res.drop--
	s.mu.Unlock()
	if drop {
		panic(http.ErrAbortHandler)
	}
	s.reply(w, r, res)
}

// running returns the answer to a statement. A request that comes again, because
// its answer was lost, does not run again. The lock is held.
func (s *Server) running(statement Statement) *result {
	if res := s.requests[statement.Request]; res != nil {
		return res
	}
	s.seen = append(s.seen, statement)
	s.queries++
	want := s.take(statement)
	res := &result{want: want, id: fmt.Sprintf("01b0-%04d", s.queries), stop: make(chan struct{}), attempts: map[int]int{},
		left: want.Slow, code: "333333", drop: want.Drop}
	if want.Async > 0 {
		res.left, res.code = want.Async, "333334"
	}
	s.results[res.id], s.requests[statement.Request], s.aborted[statement.Request] = res, res, res.stop
	return res
}

// result answers who asks again for what still ran.
func (s *Server) result(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	res := s.results[r.PathValue("id")]
	live := s.live(w, r)
	s.mu.Unlock()
	switch {
	case !live:
	case res == nil:
		refuse(w, &Error{Code: "000709", Message: "Statement not found"}, "")
	default:
		s.reply(w, r, res)
	}
}

// reply gives the answer, or that there is none yet.
func (s *Server) reply(w http.ResponseWriter, r *http.Request, res *result) {
	if !wait(res.want.Delay, res.stop, r) {
		refuse(w, &Error{Code: "000604", State: "57014", Message: "SQL execution canceled"}, res.id)
		return
	}
	s.mu.Lock()
	runs := res.left > 0
	res.left--
	s.mu.Unlock()
	if runs {
		answer(w, false, res.code, "Query execution in progress. Please try again later.",
			map[string]any{"getResultUrl": "/queries/" + res.id + "/result", "queryId": res.id})
		return
	}
	if res.want.Error != nil {
		refuse(w, res.want.Error, res.id)
		return
	}
	answer(w, true, "", "", s.data(res))
}

// data is what Snowflake says of a result.
func (s *Server) data(res *result) map[string]any {
	want := res.want
	columns := want.Columns
	rows := want.Rows
	if columns == "" {
		columns, rows = "status TEXT", [][]any{{"Statement executed successfully."}}
	}
	total := len(rows)
	data := map[string]any{"rowtype": rowType(columns), "queryResultFormat": "json", "queryId": res.id, "statementTypeId": 4096,
		"rowset": rowset(rows), "parameters": []any{map[string]any{"name": "TIMEZONE", "value": "UTC"}}}
	if want.Arrow != nil {
		delete(data, "rowset")
		data["queryResultFormat"], data["rowsetBase64"] = "arrow", base64.StdEncoding.EncodeToString(want.Arrow)
	}
	if want.Chunk != nil {
		var chunks []any
		for i := range want.Chunk.Chunks {
			chunks = append(chunks, map[string]any{"url": fmt.Sprintf("%s/chunks/%s/%d?X-Amz-Signature=secret-signature", s.URL, res.id, i),
				"rowCount": want.Chunk.RowsEach, "uncompressedSize": 1 << 20, "compressedSize": 1 << 18})
		}
		data["chunks"], data["chunkHeaders"] = chunks, map[string]string{"x-test-key": res.id}
		total += want.Chunk.Chunks * want.Chunk.RowsEach
	}
	if want.Total != 0 {
		total = want.Total
	}
	data["total"], data["returned"] = total, total
	return data
}

// chunk writes a part of a large result, as the store does that has it.
func (s *Server) chunk(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(r.PathValue("n"))
	s.mu.Lock()
	res := s.results[r.PathValue("id")]
	if res == nil || res.want.Chunk == nil || err != nil || r.Header.Get("x-test-key") != res.id || r.Header.Get("Authorization") != "" {
		s.mu.Unlock()
		s.t.Errorf("snowflaketest: %s was not to come, or not with these headers", r.URL.Path)
		http.NotFound(w, r)
		return
	}
	attempt := res.attempts[n]
	res.attempts[n]++
	s.mu.Unlock()
	c := res.want.Chunk
	breaks := c.Break != nil && c.Break(n, attempt)
	packed, _ := gzip.NewWriterLevel(w, gzip.BestSpeed) // it is a level
	out := bufio.NewWriterSize(packed, 1<<16)
	if c.Arrow != nil {
		stream := c.Arrow(n)
		if breaks {
			stream = stream[:len(stream)/2]
		}
		_, _ = out.Write(stream)
	} else {
		writeRows(out, c, n, breaks)
	}
	_ = out.Flush()
	_ = packed.Flush()
	if breaks {
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler) // the connection ends without the last bytes
	}
	_ = packed.Close()
}

// writeRows writes rows as Snowflake does: with commas between, no brackets.
func writeRows(out *bufio.Writer, c *Chunked, n int, half bool) {
	rows := c.RowsEach
	if half {
		rows /= 2
	}
	for i := range rows {
		if i > 0 {
			_, _ = out.WriteString(",\n")
		}
		text, _ := json.Marshal(texts(c.Row(n*c.RowsEach + i)))
		_, _ = out.Write(text)
	}
}

func rowset(rows [][]any) [][]*string {
	set := make([][]*string, len(rows))
	for i, row := range rows {
		set[i] = texts(row)
	}
	return set
}

func texts(row []any) []*string {
	list := make([]*string, len(row))
	for i, value := range row {
		if value != nil {
			text := fmt.Sprint(value)
			list[i] = &text
		}
	}
	return list
}

// rowType reads columns as they are declared.
func rowType(columns string) []any {
	var list []any
	for _, column := range split(columns) {
		nullable := true
		if rest, found := strings.CutSuffix(column, " NOT NULL"); found {
			column, nullable = rest, false
		}
		i := strings.LastIndexByte(column, ' ')
		name, kind := strings.Trim(column[:i], `" `), column[i+1:]
		kind, rest, _ := strings.Cut(kind, "(")
		var numbers []int
		for _, text := range strings.Split(strings.TrimSuffix(rest, ")"), ",") {
			if n, err := strconv.Atoi(text); err == nil {
				numbers = append(numbers, n)
			}
		}
		c := map[string]any{"name": name, "type": strings.ToLower(kind), "nullable": nullable, "precision": 0, "scale": 0, "length": 0, "byteLength": 0}
		switch kind {
		case "NUMBER":
			c["type"], c["precision"], c["scale"] = "fixed", numbers[0], numbers[1]
		case "TIMESTAMP_NTZ", "TIMESTAMP_LTZ", "TIMESTAMP_TZ", "TIME":
			c["scale"] = 9
			if len(numbers) > 0 {
				c["scale"] = numbers[0]
			}
		case "TEXT":
			c["length"], c["byteLength"] = 16777216, 16777216
		}
		list = append(list, c)
	}
	return list
}

// split separates columns at commas that are not in brackets.
func split(text string) (list []string) {
	depth, from := 0, 0
	for i, r := range text + "," {
		switch {
		case r == '(':
			depth++
		case r == ')':
			depth--
		case r == ',' && depth == 0:
			list, from = append(list, strings.TrimSpace(text[from:i])), i+1
		}
	}
	return list
}
