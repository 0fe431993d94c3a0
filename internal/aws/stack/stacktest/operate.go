package stacktest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

const stackType = "AWS::CloudFormation::Stack"

// subject is what an event is about.
type subject struct{ id, kind, physical string }

func (s *Stack) own() subject { return subject{s.Name, stackType, s.ID} }

func (s *Stack) resource(id, kind string) subject {
	physical := s.Name + "-" + strings.ToLower(id)
	if nested := s.nested[id]; nested != nil {
		physical = nested.ID
	}
	return subject{id, kind, physical}
}

// event adds an event. That of a stack itself is its status, too.
func (c *Cloud) event(s *Stack, about subject, status types.StackStatus, reason string) {
	c.made++
	s.events = append(s.events, types.StackEvent{EventId: aws.String(fmt.Sprint("event-", c.made)), StackId: &s.ID, StackName: &s.Name,
		Timestamp: aws.Time(c.now), LogicalResourceId: &about.id, ResourceType: &about.kind, PhysicalResourceId: &about.physical,
		ResourceStatus: types.ResourceStatus(status), ResourceStatusReason: text(reason), ClientRequestToken: text(s.Token), OperationId: text("op-" + s.Token)})
	if about.physical == s.ID {
		s.Status, s.Reason = status, reason
	}
}

func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// failure returns why a resource fails, if it does.
func failure(r Resource) string {
	_, reason, _ := strings.Cut(r.Text, "fails=")
	return reason
}

// operate plans the steps of a change set.
func (c *Cloud) operate(s *Stack, set *changeSet) {
	verb := "UPDATE"
	if set.kind == types.ChangeSetTypeCreate {
		verb = "CREATE"
	}
	s.failed = nil
	add := func(step func()) { s.steps = append(s.steps, step) }
	add(func() { c.event(s, s.own(), types.StackStatus(verb+"_IN_PROGRESS"), "User Initiated") })
	for _, change := range set.changes {
		id := *change.LogicalResourceId
		word := map[types.ChangeAction]string{types.ChangeActionAdd: "CREATE", types.ChangeActionModify: "UPDATE", types.ChangeActionRemove: "DELETE"}[change.Action]
		kind, reason := *change.ResourceType, failure(set.resources[id])
		add(func() {
			if kind == stackType {
				c.beginNested(s, id, word)
			}
			c.event(s, s.resource(id, kind), types.StackStatus(word+"_IN_PROGRESS"), "")
		})
		if reason != "" {
			add(func() { c.fail(s, id, kind, word, reason) })
			c.undo(s, set, verb, id)
			return
		}
		add(func() {
			if nested := s.nested[id]; nested != nil {
				c.event(nested, nested.own(), types.StackStatus(word+"_COMPLETE"), "")
			}
			c.event(s, s.resource(id, kind), types.StackStatus(word+"_COMPLETE"), "")
		})
	}
	if verb == "UPDATE" {
		add(func() { c.event(s, s.own(), types.StackStatusUpdateCompleteCleanupInProgress, "") })
	}
	add(func() {
		s.Resources = set.resources
		c.event(s, s.own(), types.StackStatus(verb+"_COMPLETE"), "")
		set.execution = types.ExecutionStatusExecuteComplete
	})
}

// beginNested makes the stack of a nested resource.
func (c *Cloud) beginNested(s *Stack, id, word string) {
	if s.nested[id] == nil {
		s.nested[id] = c.newStack(s.Name+"-"+id, types.StackStatus(word+"_IN_PROGRESS"))
	}
	c.event(s.nested[id], s.nested[id].own(), types.StackStatus(word+"_IN_PROGRESS"), "")
}

// fail fails a resource; in a nested stack one of its own, and so the stack. What
// was made at the same time is cancelled, and comes first in the list.
func (c *Cloud) fail(s *Stack, id, kind, word, reason string) {
	c.event(s, s.resource("Sibling", "AWS::SNS::Topic"), types.StackStatus(word+"_FAILED"), "Resource creation cancelled")
	at := s
	if nested := s.nested[id]; nested != nil {
		c.event(nested, nested.resource("Inner", "AWS::S3::Bucket"), types.StackStatus(word+"_FAILED"), reason)
		c.event(nested, nested.own(), types.StackStatus(word+"_FAILED"), "The following resource(s) failed to create: [Inner].")
		at, reason = nested, "Embedded stack "+nested.ID+" was not successfully created"
	}
	c.event(s, s.resource(id, kind), types.StackStatus(word+"_FAILED"), reason)
	for _, e := range append(slices.Clone(s.events), at.events...) {
		if strings.HasSuffix(string(e.ResourceStatus), "_FAILED") {
			s.failed = append(s.failed, types.OperationEvent{LogicalResourceId: e.LogicalResourceId, ResourceType: e.ResourceType,
				ResourceStatusReason: e.ResourceStatusReason, Timestamp: e.Timestamp})
		}
	}
}

// undo plans the steps after a failure.
func (c *Cloud) undo(s *Stack, set *changeSet, verb, id string) {
	rollback := map[string]string{"CREATE": "ROLLBACK", "UPDATE": "UPDATE_ROLLBACK"}[verb]
	reason := "The following resource(s) failed: [" + id + "]. "
	set.execution = types.ExecutionStatusExecuteFailed
	if c.NoRollback {
		s.steps = append(s.steps, func() { c.event(s, s.own(), types.StackStatus(verb+"_FAILED"), reason) })
		return
	}
	s.steps = append(s.steps, func() { c.event(s, s.own(), types.StackStatus(rollback+"_IN_PROGRESS"), reason) })
	c.rollback(s, rollback)
}

// rollback plans the end of a rollback.
func (c *Cloud) rollback(s *Stack, rollback string) {
	fails := c.RollbackFails
	c.RollbackFails = false
	s.steps = append(s.steps, func() {
		if fails {
			c.event(s, s.resource("Bucket", "AWS::S3::Bucket"), "UPDATE_FAILED", "it cannot be brought back")
			c.event(s, s.own(), types.StackStatus(rollback+"_FAILED"), "The following resource(s) failed to update: [Bucket].")
			return
		}
		c.event(s, s.own(), types.StackStatus(rollback+"_COMPLETE"), "")
	})
}

// changesOf returns what turns resources into others.
func changesOf(have, want map[string]Resource) []*types.ResourceChange {
	var list []*types.ResourceChange
	change := func(action types.ChangeAction, id string, r Resource) *types.ResourceChange {
		return &types.ResourceChange{Action: action, LogicalResourceId: aws.String(id), ResourceType: aws.String(r.Type)}
	}
	for _, id := range slices.Sorted(maps.Keys(want)) {
		old, exists := have[id]
		switch {
		case !exists && strings.HasPrefix(want[id].Text, "exists"):
			list = append(list, change(types.ChangeActionImport, id, want[id]))
		case !exists:
			list = append(list, change(types.ChangeActionAdd, id, want[id]))
		case old != want[id]:
			list = append(list, modified(change(types.ChangeActionModify, id, want[id]), old, want[id]))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(have)) {
		if _, stays := want[id]; !stays {
			gone := change(types.ChangeActionRemove, id, have[id])
			if gone.PolicyAction = types.PolicyActionDelete; have[id].Type == "AWS::S3::Bucket" {
				gone.PolicyAction = types.PolicyActionRetain
			}
			list = append(list, gone)
		}
	}
	return list
}

func modified(r *types.ResourceChange, old, now Resource) *types.ResourceChange {
	r.Replacement = types.ReplacementFalse
	recreation := types.RequiresRecreationNever
	switch {
	case strings.Contains(now.Text, "conditional"):
		r.Replacement, recreation = types.ReplacementConditional, types.RequiresRecreationConditionally
	case strings.Contains(now.Text, "replace"):
		r.Replacement, recreation = types.ReplacementTrue, types.RequiresRecreationAlways
	}
	target := types.ResourceTargetDefinition{Attribute: types.ResourceAttributeProperties, Name: aws.String("Text"), Path: aws.String("/Properties/Text/0"),
		BeforeValue: aws.String(old.Text), AfterValue: aws.String(now.Text), RequiresRecreation: recreation}
	again := target
	again.BeforeValue, again.AfterValue = nil, nil
	r.Details = []types.ResourceChangeDetail{{Target: &again}, {Target: &target}}
	return r
}
