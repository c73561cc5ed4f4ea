<?xml version="1.0" encoding="UTF-8"?>
<!-- JSON: action, code, and either a message or what was asked for. Only the code is a number.
     Records are arrays, calls and markers; of other elements, what is repeated is an array, and
     what holds elements or attributes is an object. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"
    xmlns:str="http://exslt.org/strings" xmlns:exsl="http://exslt.org/common"
    exclude-result-prefixes="str exsl">
  <xsl:include href="answer.xsl"/>
  <xsl:output method="text" encoding="UTF-8"/>

  <!-- All that a string may not hold as it is, of the characters that XML may hold. -->
  <xsl:variable name="special" select="'&#9;&#10;&#13;&quot;\'"/>
  <xsl:variable name="escapes">
    <c is="&#9;">\t</c><c is="&#10;">\n</c><c is="&#13;">\r</c><c is="&quot;">\"</c><c is="\">\\</c>
  </xsl:variable>
  <xsl:variable name="from" select="exsl:node-set($escapes)/c/@is"/>
  <xsl:variable name="to" select="exsl:node-set($escapes)/c"/>

  <!-- Elements of one name and one parent; the Response itself is nobody's member. -->
  <xsl:key name="namesakes" match="*[not(self::Response) or preceding::Response or ancestor::Response]" use="concat(generate-id(..), ' ', name())"/>

  <xsl:template match="/">
    <xsl:text>{"action":</xsl:text>
    <xsl:call-template name="string"><xsl:with-param name="of" select="$action"/></xsl:call-template>
    <xsl:choose>
      <xsl:when test="$failed">
        <xsl:value-of select="concat(',&quot;code&quot;:', number($response/@code), ',&quot;message&quot;:')"/>
        <xsl:call-template name="string"><xsl:with-param name="of" select="$message"/></xsl:call-template>
      </xsl:when>
      <xsl:otherwise><xsl:text>,"code":0</xsl:text><xsl:call-template name="payload"/></xsl:otherwise>
    </xsl:choose>
    <xsl:text>}&#10;</xsl:text>
  </xsl:template>

  <!-- Every member is written with a comma before it. -->
  <xsl:template name="payload">
    <xsl:call-template name="members">
      <xsl:with-param name="attributes" select="$response/@*[name() != 'code' and name() != 'type'] | $holder[not($response)]/@*"/>
      <xsl:with-param name="elements" select="$others"/>
      <xsl:with-param name="parents" select="$response | $holder"/>
      <xsl:with-param name="taken" select="' action code message calls markers '"/>
    </xsl:call-template>
    <xsl:if test="$lists-calls">
      <xsl:text>,"calls":</xsl:text>
      <xsl:call-template name="array"><xsl:with-param name="of" select="$calls"/></xsl:call-template>
    </xsl:if>
    <xsl:if test="$lists-markers">
      <xsl:text>,"markers":</xsl:text>
      <xsl:call-template name="array"><xsl:with-param name="of" select="$markers"/></xsl:call-template>
    </xsl:if>
  </xsl:template>

  <xsl:template name="members">
    <xsl:param name="attributes" select="@*"/>
    <xsl:param name="elements" select="*"/>
    <xsl:param name="parents" select="."/>
    <xsl:param name="taken" select="' text '"/>
    <xsl:variable name="one" select="generate-id($parents[1])"/>
    <xsl:variable name="two" select="generate-id($parents[2])"/>
    <xsl:for-each select="$attributes">
      <xsl:if test="not(key('namesakes', concat($one, ' ', name())) or key('namesakes', concat($two, ' ', name())))">
        <xsl:call-template name="name"><xsl:with-param name="taken" select="$taken"/></xsl:call-template>
        <xsl:call-template name="string"/>
      </xsl:if>
    </xsl:for-each>
    <xsl:for-each select="$elements">
      <!-- Namesakes stand together, so that the neighbour tells, and a run is gone through once. -->
      <xsl:variable name="neighbour" select="preceding-sibling::*[1]"/>
      <xsl:if test="name($neighbour) != name() or generate-id($neighbour) = generate-id($response)">
        <xsl:variable name="first" select="key('namesakes', concat($one, ' ', name()))[1]
          | key('namesakes', concat($two, ' ', name()))[1]"/>
        <xsl:if test="generate-id($first) = generate-id()">
          <xsl:variable name="namesakes" select="key('namesakes', concat($one, ' ', name()))
            | key('namesakes', concat($two, ' ', name()))"/>
          <xsl:call-template name="name"><xsl:with-param name="taken" select="$taken"/></xsl:call-template>
          <xsl:choose>
            <xsl:when test="$namesakes[2]">
              <xsl:call-template name="array"><xsl:with-param name="of" select="$namesakes"/></xsl:call-template>
            </xsl:when>
            <xsl:otherwise><xsl:call-template name="value"/></xsl:otherwise>
          </xsl:choose>
        </xsl:if>
      </xsl:if>
    </xsl:for-each>
  </xsl:template>

  <xsl:template name="array">
    <xsl:param name="of"/>
    <xsl:text>[</xsl:text>
    <xsl:for-each select="$of">
      <xsl:if test="position() &gt; 1">,</xsl:if>
      <xsl:call-template name="value"/>
    </xsl:for-each>
    <xsl:text>]</xsl:text>
  </xsl:template>

  <!-- A text, or an object in which the element's own text, if it has any, is the member "text". -->
  <xsl:template name="value">
    <xsl:choose>
      <xsl:when test="* or @*">
        <xsl:variable name="content">
          <xsl:call-template name="members"/>
          <xsl:if test="text()[normalize-space()]">
            <xsl:text>,"text":</xsl:text>
            <xsl:call-template name="string">
              <xsl:with-param name="of" select="text()[normalize-space()]"/>
            </xsl:call-template>
          </xsl:if>
        </xsl:variable>
        <xsl:value-of select="concat('{', substring($content, 2), '}')"/>
      </xsl:when>
      <xsl:otherwise><xsl:call-template name="string"/></xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <!-- A name that has a meaning of its own here is told apart by an underscore. -->
  <xsl:template name="name">
    <xsl:param name="taken"/>
    <xsl:value-of select="concat(',&quot;', name())"/>
    <xsl:if test="contains($taken, concat(' ', name(), ' '))">_</xsl:if>
    <xsl:text>":</xsl:text>
  </xsl:template>

  <xsl:template name="string">
    <xsl:param name="of" select="."/>
    <xsl:text>"</xsl:text>
    <xsl:choose>
      <xsl:when test="translate($of, $special, '') = string($of)"><xsl:value-of select="$of"/></xsl:when>
      <xsl:otherwise><xsl:value-of select="str:replace(string($of), $from, $to)"/></xsl:otherwise>
    </xsl:choose>
    <xsl:text>"</xsl:text>
  </xsl:template>
</xsl:stylesheet>
