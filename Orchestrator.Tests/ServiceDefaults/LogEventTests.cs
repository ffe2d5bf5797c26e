using System.Reflection;
using Microsoft.Extensions.Logging;
using Orchestrator.Api;
using Orchestrator.Core;
using Orchestrator.Engines;
using Orchestrator.ServiceDefaults;
using Orchestrator.Storage.Sqlite;
using Orchestrator.Worker;

namespace Orchestrator.Tests.ServiceDefaults;

/// <summary>The log's event ids, which operators filter by and the runbook names.</summary>
public sealed class LogEventTests
{
    private const BindingFlags All = BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    [Fact]
    public void EventIds_OfTheWholeSystem_AreOneEventEach()
    {
        Assembly[] assemblies =
        [
            typeof(Runner).Assembly, typeof(EngineServices).Assembly, typeof(SqliteDatabase).Assembly, typeof(ServiceDefaultsExtensions).Assembly,
            typeof(WorkerProcess).Assembly, typeof(ApiProcess).Assembly,
        ];

        var events = assemblies
            .SelectMany(assembly => assembly.GetTypes())
            .SelectMany(type => type.GetMethods(All))
            .Select(method => (Id: method.GetCustomAttribute<LoggerMessageAttribute>()?.EventId, Name: $"{method.DeclaringType!.Name}.{method.Name}"))
            .Where(one => one.Id is not null)
            .ToList();

        Assert.True(events.Count > 60, $"only {events.Count} were found");
        Assert.Empty(events.GroupBy(one => one.Id).Where(group => group.Count() > 1).Select(group => $"{group.Key}: {string.Join(", ", group)}"));
    }
}
