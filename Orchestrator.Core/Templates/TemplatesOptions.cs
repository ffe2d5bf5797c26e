using System.ComponentModel.DataAnnotations;
using System.Text.RegularExpressions;

namespace Orchestrator.Core.Templates;

/// <summary>
/// Section <c>Templates</c>: further templates, by name. The built-in ones, <c>session</c> and <c>machine</c>, are
/// configured by sections <c>Runners</c> and <c>Machines</c>.
/// </summary>
public sealed partial class TemplatesOptions : Dictionary<string, NamedTemplateOptions>, IValidatableObject
{
    /// <summary>The section's name.</summary>
    public const string Section = "Templates";

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var name in Keys.Order(StringComparer.Ordinal))
        {
            if (name is RunnersOptions.TemplateName or MachinesOptions.TemplateName)
            {
                var section = name == RunnersOptions.TemplateName ? RunnersOptions.Section : MachinesOptions.Section;
                yield return new ValidationResult($"the template '{name}' is configured by section {section}.", [name]);
            }
            else if (!Name().IsMatch(name))
            {
                yield return new ValidationResult($"invalid name '{name}'. It must be 1 to 63 lower-case letters, digits or '-'.", [name]);
            }
        }
    }

    [GeneratedRegex(@"\A[a-z0-9-]{1,63}\z")]
    private static partial Regex Name();
}

/// <summary>Section <c>Templates:NAME</c>: a template of the operator's own.</summary>
public sealed class NamedTemplateOptions : TemplateOptions
{
    /// <summary>
    /// Whether an image that is not ours gets the guest (from <c>Docker:GuestImage</c>), which serves files, processes and
    /// terminals at <c>ContainerPort</c>. Its users are 10001, and 10002 for code; <c>HOME</c> is <c>/workspace</c>. <c>false</c>
    /// leaves the image alone: its own program runs, and nothing but exec is offered.
    /// </summary>
    public bool Guest { get; set; } = true;

    /// <summary>
    /// What runs beside the guest in an image that is not ours, once the guest is ready, as the image's user (as 65534 where
    /// that is root under <c>Strict</c>) in the image's folder: <c>image</c> for the image's own entry point and command, or a
    /// line for its <c>/bin/sh</c>. Its output is dropped; if it exits, the exit code is logged, and it is not restarted.
    /// </summary>
    /// <value>nothing</value>
    public string? StartCommand { get; set; }

    /// <summary>How long a lease lives after its last heartbeat, in seconds.</summary>
    /// <value><c>Runners:InactivityTimeoutSeconds</c></value>
    [Range(1.0, 30 * 86_400)]
    public double? InactivityTimeoutSeconds { get; set; }

    /// <summary>Runners leased or being created at a time.</summary>
    /// <value>no limit</value>
    [Range(1, 1_000_000)]
    public int? MaxConcurrent { get; set; }

    /// <summary>How long a provision waits for a free place, in seconds.</summary>
    /// <value><c>Runners:ProvisionWaitSeconds</c></value>
    [Range(0.0, 600)]
    public double? ProvisionWaitSeconds { get; set; }

    /// <summary>First port of a runner on the public host; the next ones count up.</summary>
    /// <value>the engine's choice</value>
    [Range(1, 65535)]
    public int? FirstPort { get; set; }

    /// <summary>A released runner is replaced by a fresh one (<c>Replace</c>) or goes back to the pool as it is (<c>Reuse</c>).</summary>
    public ReleasePolicy OnRelease { get; set; }

    /// <summary>Whether <c>host.docker.internal</c> resolves inside.</summary>
    public bool HostAlias { get; set; }

    /// <summary>The template; what it leaves out is the sessions'.</summary>
    public RunnerTemplate ToTemplate(string name, RunnersOptions runners)
    {
        ArgumentNullException.ThrowIfNull(runners);
        return ToTemplate(name, "runner") with
        {
            LeaseTime = TimeSpan.FromSeconds(InactivityTimeoutSeconds ?? runners.InactivityTimeoutSeconds),
            MaxLeased = MaxConcurrent,
            PlaceWait = TimeSpan.FromSeconds(ProvisionWaitSeconds ?? runners.ProvisionWaitSeconds),
            FirstPort = FirstPort,
            OnRelease = OnRelease,
            HostAlias = HostAlias,
            Guest = Guest,
            StartCommand = string.IsNullOrWhiteSpace(StartCommand) ? null : StartCommand.Trim(),
        };
    }
}
