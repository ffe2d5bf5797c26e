using Orchestrator.ServiceDefaults.Http;

namespace Orchestrator.ServiceDefaults.Errors;

/// <summary>
/// Maps a handler's exception to its answer. Registered as a service, it lists the expected exceptions; on an endpoint,
/// it words that endpoint's answers. An exception that neither maps is answered with <c>SERVER_ERROR</c>; one that no
/// service maps is logged with its stack trace.
/// </summary>
/// <param name="Find">The answer; null for an unmapped exception.</param>
public sealed record ErrorMap(Func<Exception, ErrorResult?> Find);

/// <summary>On an endpoint whose document words invalid input differently from the contract.</summary>
/// <param name="Describe">The answer.</param>
public sealed record InputErrorMap(Func<InvalidInputException, ErrorResult> Describe);
